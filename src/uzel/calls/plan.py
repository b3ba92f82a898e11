"""Planning calls, inside the transaction of whoever wants the effect."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls import store
from uzel.jobs.queue import enqueue
from uzel.kit.database import Connection

WAKE = "calls"
# What is due later than this is found by `recover.wake_overdue`, which looks every few seconds.
SOON = timedelta(seconds=5)
_gathered: ContextVar[set[int] | None] = ContextVar("connections to wake", default=None)


@dataclass(frozen=True, slots=True)
class Plan:
    """A call to be made.

    effect  what it is for, unique for ever: the same effect planned twice is one call
    due_at  not before this (aware UTC); None: at once
    """

    connection_id: int
    operation: str
    arguments: Mapping[str, Any]
    effect: str
    request_id: str | None = None
    due_at: datetime | None = None


async def plan(connection: Connection, plans: Sequence[Plan]) -> None:
    """Write the calls down and wake a worker, all in the caller's transaction; see `gathered`."""
    if not plans:
        return
    await store.plan(
        connection,
        [
            (p.connection_id, p.operation, dict(p.arguments), p.effect, p.request_id, p.due_at)
            for p in plans
        ],
    )
    # Those of later are found by their time: who makes calls looks for the next one that is due.
    soon = datetime.now(UTC) + SOON
    connection_ids = {p.connection_id for p in plans if p.due_at is None or p.due_at < soon}
    if (here := _gathered.get()) is not None:
        here |= connection_ids
        return
    for connection_id in sorted(connection_ids):
        await enqueue(connection, WAKE, connection_id)


@contextlib.contextmanager
def gathered() -> Iterator[set[int]]:
    """Plans made inside wake nobody; their connections are gathered for the caller, who makes calls
    itself and begins after its commit. That saves a job, its commits and its way through the queue;
    should the caller end in between, `recover.wake_overdue` finds the calls.
    """
    found: set[int] = set()
    token = _gathered.set(found)
    try:
        yield found
    finally:
        _gathered.reset(token)


async def wake(connection: Connection, connection_id: int, delay_s: float = 0.0) -> None:
    """Have somebody look at this connection's planned calls in `delay_s` seconds."""
    await enqueue(connection, WAKE, connection_id, delay_s=delay_s)
