"""Who asks at the addresses of robots: one with a token that works."""

from collections.abc import Mapping
from typing import Any

from uzel.kit.database import Pool
from uzel.partners import robot_store
from uzel.partners.robots import Robot, robot_of
from uzel.web.partner.carriers import Given
from uzel.web.partner.gate import Gate
from uzel.web.partner.reply import Refusal, retry_after
from uzel.web.partner.wrong_tokens import TooMany

TOKENS = ("token", "api_token", "apikey")
CLOSED = "Closed: no robot token is configured."
NOBODY = "Unauthorized: Invalid robot token."


async def admit(pool: Pool, gate: Gate, given: Given) -> Robot:
    """Raises Refusal: 403 while there is no robot at all, 401 for a wrong token, 429 after too many
    of them: they are counted together with those at the partners' doors.
    """
    token = given.bearer or next(filter(None, map(given.text, TOKENS)), None)
    robot = await looked_up(pool, gate, token, given.address) if token else None
    if robot is not None:
        return robot
    if not await robot_store.is_any(pool):
        raise Refusal("closed", CLOSED)
    raise Refusal("unauthorized", NOBODY)


async def looked_up(pool: Pool, gate: Gate, token: str, address: str) -> Robot | None:
    """Whose token it is. Raises Refusal."""
    try:
        return await gate.wrong.look(token, address, lambda given: robot_of(pool, given))
    except TooMany as many:
        said = f"Too many wrong tokens; again in {many.wait_s} s."
        raise Refusal("rate_limited", said, headers=retry_after(many.wait_s)) from None


def sent(given: Given) -> Mapping[str, Any]:
    """All that came but tokens; of what comes twice, that of the body."""
    merged = {**(given.json or {}), **given.query, **given.form}
    return {name: value for name, value in merged.items() if name not in TOKENS}
