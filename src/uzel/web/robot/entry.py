"""Who asks at the addresses of robots: one with a token that works."""

from collections.abc import Mapping
from typing import Any

from uzel.kit.database import Pool
from uzel.partners import robot_store
from uzel.partners.robots import Robot, robot_of
from uzel.web.partner.carriers import Given
from uzel.web.partner.reply import Refusal

TOKENS = ("token", "api_token", "apikey")
CLOSED = "Closed: no robot token is configured."
NOBODY = "Unauthorized: Invalid robot token."


async def admit(pool: Pool, given: Given) -> Robot:
    """Raises Refusal: 403 while there is no robot at all, 401 for a wrong token."""
    token = given.bearer or next(filter(None, map(given.text, TOKENS)), None)
    robot = await robot_of(pool, token)
    if robot is not None:
        return robot
    if not await robot_store.is_any(pool):
        raise Refusal("closed", CLOSED)
    raise Refusal("unauthorized", NOBODY)


def sent(given: Given) -> Mapping[str, Any]:
    """All that came but tokens; of what comes twice, that of the body."""
    merged = {**(given.json or {}), **given.query, **given.form}
    return {name: value for name, value in merged.items() if name not in TOKENS}
