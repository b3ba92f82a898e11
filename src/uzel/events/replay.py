"""Processing raw events once more: on a person's word, or because their wake was lost."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from uzel.events import store
from uzel.events.receive import PER_JOB, WAKE
from uzel.jobs.queue import enqueue
from uzel.kit import database

LEFT_BEHIND_S = 10.0


async def wake_left_behind(pool: database.Pool) -> None:
    """A wake may be lost; a stored event is not."""
    ids = await store.left_behind(pool, LEFT_BEHIND_S)
    async with pool.acquire() as connection:
        for part in chunks(ids, PER_JOB):
            await enqueue(connection, WAKE, part, once=f"events:{part[0]}")


async def parked(pool: database.Pool) -> list[int]:
    """Raw events that could not be processed and wait for a replay."""
    return await store.parked(pool)


async def skipped(pool: database.Pool, reason: str, since: datetime, most: int) -> list[int]:
    """Raw events received since then with an event from which nothing followed for this reason: the
    newest `most` of them, oldest first. Worth a replay once the cause is mended.
    """
    return await store.skipped(pool, reason, since, most)


async def replay(connection: database.Connection, raw_event_id: int) -> bool:
    """Process a raw event again, in the caller's transaction. What followed from it stays: an event
    that led to something is known by its key and leads to nothing twice.
    """
    if not await store.unpark(connection, raw_event_id):
        return False
    await store.forget_ignored(connection, raw_event_id)
    await enqueue(connection, WAKE, [raw_event_id])
    return True


def chunks(ids: Sequence[int], size: int) -> Iterable[list[int]]:
    """`ids` in lists of at most `size`."""
    return (list(ids[start : start + size]) for start in range(0, len(ids), size))
