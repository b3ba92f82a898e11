"""What was fetched is stored raw, as if it had been posted: every version of every order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from uzel.events import store as events_store
from uzel.events.receive import PER_JOB, WAKE, digest_of
from uzel.kit.database import Connection


def body_of(document: Mapping[str, Any], told_at: datetime) -> bytes:
    """A document of the marketplace with its stamp, see `shop_store.stamp`: told again later, the
    same words are another version.
    """
    return orjson.dumps({"meta": {"fetchedAt": round(told_at.timestamp() * 1000)}, **document})


async def store(connection: Connection, connection_id: int, bodies: Sequence[bytes]) -> None:
    """Keep them, in the caller's transaction, and have them read."""
    if not bodies:
        return
    columns: list[Sequence[Any]] = [
        [connection_id] * len(bodies),
        [digest_of("", body) for body in bodies],
        [None] * len(bodies),
        [""] * len(bodies),
        ["{}"] * len(bodies),
        list(bodies),
    ]
    await events_store.receive(connection, columns, PER_JOB, WAKE)
