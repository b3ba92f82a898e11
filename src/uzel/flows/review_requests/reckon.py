"""Requests that wait by rules that have changed since: how many, and reckoning them anew."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from uzel.calls.plan import wake
from uzel.flows.review_requests import reckon_store as store
from uzel.flows.review_requests.wish import times_of
from uzel.kit.database import Connection
from uzel.model.rules import rules_at

AT_ONCE = 2_000
# More are not counted.
MOST = 10_000
# By so much a time differs however it was reckoned.
TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Times:
    """When a message leaves by the rules of now (None: at once), until when it is worth sending,
    and after how many seconds the guest is reminded.
    """

    message_id: int
    due_at: datetime | None
    not_after: datetime | None
    remind_after_s: int | None


async def outdated(connection: Connection, business_id: int) -> int:
    """How many requests wait by other times than the rules of now give them, MOST at most."""
    count = seen = 0
    async for rows in _waiting(connection, business_id, lock=False):
        count += len(moved(rows, datetime.now(UTC)))
        seen += len(rows)
        if seen >= MOST:
            break
    return count


async def reckon_anew(connection: Connection, business_id: int) -> int:
    """Give them the times of the rules of now, in the caller's transaction; returns how many."""
    connections: list[int] = []
    async for rows in _waiting(connection, business_id, lock=True):
        changed = [
            (t.message_id, t.due_at, t.not_after, t.remind_after_s)
            for t in moved(rows, datetime.now(UTC))
        ]
        if changed:
            connections += await store.move(connection, changed)
    for connection_id in sorted(set(connections)):
        await wake(connection, connection_id)
    return len(connections)


def moved(rows: Sequence[Any], now: datetime) -> list[Times]:
    """Those of the rows of store.waiting whose times are not those of the rules."""
    found = ((row, times_now(row, now)) for row in rows if is_zone(row["zone"]))
    return [times for row, times in found if differs(row, times, now)]


def is_zone(name: str) -> bool:
    """Whether a place's time zone is one: nothing can be reckoned in another."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def times_now(row: Any, now: datetime) -> Times:
    """The times of one of them."""
    rules = rules_at(row["business_rules"], row["place_rules"])
    # As it was seen when the visit came in: a clock that is ahead puts nothing off.
    visited_at = min(row["visited_at"], row["created_at"])
    due_at, not_after = times_of(visited_at, row["connector"], rules, ZoneInfo(row["zone"]), now)
    return Times(row["id"], due_at, not_after, rules.remind_after_s)


def differs(row: Any, times: Times, now: datetime) -> bool:
    """Whether it waits by other times."""
    leaves_at, meant = max(row["due_at"], now), times.due_at or now
    if abs(leaves_at - meant) > TOLERANCE:
        return True
    if row["not_after"] is None or times.not_after is None:
        return row["not_after"] is not times.not_after
    return bool(abs(row["not_after"] - times.not_after) > TOLERANCE)


async def _waiting(
    connection: Connection, business_id: int, *, lock: bool
) -> AsyncIterator[Sequence[Any]]:
    """All that wait, part by part."""
    last = 0
    while rows := await store.waiting(connection, business_id, last, AT_ONCE, lock=lock):
        yield rows
        last = rows[-1]["id"]
