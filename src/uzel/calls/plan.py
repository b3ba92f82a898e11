"""Planning calls, inside the transaction of whoever wants the effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uzel.calls import store
from uzel.jobs.queue import enqueue
from uzel.kit.database import Connection

WAKE = "calls"


@dataclass(frozen=True, slots=True)
class Plan:
    """A call to be made.

    effect  what it is for, unique for ever: the same effect planned twice is one call
    """

    connection_id: int
    operation: str
    arguments: Mapping[str, Any]
    effect: str
    request_id: str | None = None


async def plan(connection: Connection, plans: Sequence[Plan]) -> None:
    """Write the calls down and wake a worker, all in the caller's transaction."""
    if not plans:
        return
    await store.plan(
        connection,
        [(p.connection_id, p.operation, dict(p.arguments), p.effect, p.request_id) for p in plans],
    )
    for connection_id in sorted({p.connection_id for p in plans}):
        await enqueue(connection, WAKE, connection_id)


async def wake(connection: Connection, connection_id: int, delay_s: float = 0.0) -> None:
    """Have somebody look at this connection's planned calls in `delay_s` seconds."""
    await enqueue(connection, WAKE, connection_id, delay_s=delay_s)
