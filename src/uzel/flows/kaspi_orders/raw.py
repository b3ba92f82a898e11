"""What was fetched is stored raw, as if it had been posted: every version of every order."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from uzel.events import store as events_store
from uzel.events.receive import PER_JOB, WAKE, digest_of
from uzel.kit.database import Connection


def body_of(document: Mapping[str, Any]) -> bytes:
    """A document of the marketplace with the moment it was fetched: told again later, the same
    words are another version.
    """
    return orjson.dumps({"meta": {"fetchedAt": time.time_ns() // 1_000_000}, **document})


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
