"""Writing down how calls ended, together with what follows from it: one transaction for many."""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from uzel.calls import breaker_store, store
from uzel.calls.outcome import Health, Result, State
from uzel.calls.plan import wake
from uzel.connections.store import set_state
from uzel.kit import database
from uzel.kit.batch import Batcher

log = logging.getLogger("uzel.calls")

BREAKER_THRESHOLD = 5
AGAIN_S = 0.5
APART_S = 0.02
# Beyond the longest pause of a call without a patience of its own.
FAR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Closed:
    """A call whose end was written down: what its owner is told, in the same transaction."""

    effect: str
    result: Result


Owner = Callable[[database.Connection, Sequence[Closed]], Awaitable[None]]


class Closing:
    """Closes calls.

    owners  first part of an effect (`message` of `message:17`) → who is told how its calls ended
    """

    def __init__(self, pool: database.Pool, owners: Mapping[str, Owner]) -> None:
        self._pool = pool
        self._owners = owners
        self._batcher: Batcher[Result, None] = Batcher(
            self._write_batch, at_once=1, apart_s=APART_S
        )

    async def submit(self, result: Result) -> None:
        """Write one result down, together with those that come at the same time. Returns once that
        is done, however long the database is away.
        """
        await self._batcher.submit(result)

    async def close(self) -> None:
        """Wait until everything submitted is written."""
        await self._batcher.close()

    async def _write_batch(self, results: Sequence[Result]) -> Sequence[Exception | None]:
        """An answer that is not written down would turn into an unknown, so this waits for the
        database, and one that cannot be written costs no other.
        """
        while True:
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    await self.write_down(connection, results)
                return [None] * len(results)
            except database.PASSING as error:
                log.warning(
                    "%d results wait for the database: %s", len(results), type(error).__name__
                )
                await asyncio.sleep(AGAIN_S)
            except Exception as error:
                log.exception("%d results cannot be written down as they are", len(results))
                if len(results) > 1:
                    return [done for r in results for done in await self._write_batch([r])]
                if results[0] == (bare := without_details(results[0])):
                    return [error]
                results = [bare]

    async def write_down(self, connection: database.Connection, results: Sequence[Result]) -> None:
        """The same in the caller's transaction: close calls, tell their owners, keep the health of
        their connections, book what is to be tried again.
        """
        by_id = {result.call_id: result for result in results}
        rows = await store.close(connection, sorted(results, key=lambda r: r.call_id))
        await self.tell(connection, [Closed(row["effect"], by_id[row["id"]]) for row in rows])
        await keep_health(connection, results)
        await book_retries(connection, results)

    async def tell(self, connection: database.Connection, closed: Sequence[Closed]) -> None:
        """Tell the owners of calls how these ended."""
        told: dict[str, list[Closed]] = {}
        for item in closed:
            told.setdefault(item.effect.partition(":")[0], []).append(item)
        for owner, theirs in told.items():
            await self._owners[owner](connection, theirs)


def without_details(result: Result) -> Result:
    """What is left of a result whose answer the database refuses: the outcome itself."""
    return dataclasses.replace(
        result, answer=None, code=None, detail="the provider's answer could not be stored"
    )


async def keep_health(connection: database.Connection, results: Sequence[Result]) -> None:
    """Trip or mend breakers; hold what the provider holds; pause what needs a person."""
    good = {r.connection_id for r in results if r.health is Health.GOOD}
    for result in sorted(results, key=lambda r: r.connection_id):
        reason = f"{result.detail or result.error_class}"
        if result.health is Health.SHAKY and result.connection_id not in good:
            await breaker_store.trip(connection, result.connection_id, reason, BREAKER_THRESHOLD)
        elif result.health is Health.LIMITED and result.due_at is not None:
            await breaker_store.hold(connection, result.connection_id, result.due_at, reason)
        elif result.health is Health.BROKEN:
            log.error("connection %s paused: %s", result.connection_id, reason)
            await set_state(connection, result.connection_id, "paused", reason)
    if good:
        await breaker_store.mend(connection, sorted(good))


async def book_retries(connection: database.Connection, results: Sequence[Result]) -> None:
    """Have somebody come back to the calls that are planned again. What is due later than `FAR` is
    found by `recover.wake_overdue`: jobs of many hours would pile up in the queue.
    """
    now = datetime.now(UTC)
    first: dict[int, datetime] = {}
    for result in results:
        if (
            result.state is State.PLANNED
            and result.due_at is not None
            and result.due_at < now + FAR
        ):
            known = first.get(result.connection_id, result.due_at)
            first[result.connection_id] = min(known, result.due_at)
    for connection_id, due_at in first.items():
        await wake(connection, connection_id, max(0.0, (due_at - now).total_seconds()))
