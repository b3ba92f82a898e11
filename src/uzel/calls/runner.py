"""Making the planned calls: take over, ask, close; within each connection's rate and breaker."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

from uzel.calls import breaker_store, store
from uzel.calls.closing import Closing, Owner
from uzel.calls.doubt import is_in_doubt, kept, too_old_to_repeat
from uzel.calls.guard import Guard, HeldBack, held_back_by, last_look
from uzel.calls.outcome import STOPPED, Result, State, failed, never_left, succeeded
from uzel.calls.plan import SOON, wake
from uzel.calls.reach import Reach, pay_for_one
from uzel.connections.grants import Grants
from uzel.connections.registry import Active, Registry
from uzel.errors import OutcomeUnknown, UzelError
from uzel.kit import database, logs

log = logging.getLogger("uzel.calls")

# More open connections to one provider cost more than they bring: the client looks through all.
AT_ONCE = 24
LONGEST_CALL_S = 30.0
# A call begun longer ago than this has not left yet because this process was stopped; by now it
# may have been declared unknown, so it must not leave any more.
LATEST_START_S = 4.0
LONGEST_SLEEP_S = 1.0
FINISH_WITHIN_S = 5.0
WRITE_WITHIN_S = 2.0
# Longer than LATEST_START_S: should it hear of such a call after all, it is too late to leave.
LOST_AFTER_S = 6.0


class Runner:
    """Makes the calls of all connections in this process; `owners` as for `Closing`, `guards` as
    for `held_back_by`.
    """

    def __init__(
        self,
        pool: database.Pool,
        registry: Registry,
        owners: Mapping[str, Owner],
        worker: UUID,
        guards: Mapping[str, Guard] | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._pool = pool
        self._registry = registry
        self.worker = worker
        self._guards = guards or {}
        self.closing = Closing(pool, owners)
        self.reach = reach or Reach(pool, Grants(pool, registry.ring, ""))
        self._pumping: dict[int, bool] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._under_way: dict[int, set[asyncio.Task[None]]] = {}
        # (call, attempt) that reached us and whose end is not written down: they may have left.
        self._held: set[tuple[int, int]] = set()
        self._stopping = False

    async def wake(self, connection_id: int) -> None:
        """Have the due calls of one connection made; handler of the `calls` job. Returns at once: a
        backlog may take hours, and the queue waits for its jobs when it stops or starts anew.
        """
        if connection_id in self._pumping:
            self._pumping[connection_id] = True
        elif not self._stopping:
            task = asyncio.create_task(self._pump_safely(connection_id))
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump_safely(self, connection_id: int) -> None:
        """What fails here is taken up again: see `recover.wake_overdue`."""
        try:
            await self.pump(connection_id)
        except database.PASSING as error:
            log.warning("calls of %s have to wait: %s", connection_id, type(error).__name__)
        except Exception:
            log.exception("calls of %s cannot be made", connection_id)

    async def pump(self, connection_id: int) -> None:
        """Begin the due calls of one connection until none is left."""
        if connection_id in self._pumping:
            self._pumping[connection_id] = True
            return
        self._pumping[connection_id] = True
        try:
            while self._pumping[connection_id] and not self._stopping:
                self._pumping[connection_id] = False
                await self._pump_until_idle(connection_id)
        finally:
            del self._pumping[connection_id]

    async def make_one(self, connection_id: int, call_id: int) -> float:
        """Make this call, if it is due, and wait for its end; whatever else is due is left to the
        workers. Returns the seconds until the connection lets the next call through.
        """
        active = self._registry.get(connection_id)
        if active is None or active.config is None or self._stopping:
            return 0.0
        running = self._under_way.setdefault(connection_id, set())
        before = set(running)
        gate, *_ = await self._begin(active, 1, call_id)
        if mine := running - before:
            await asyncio.wait(mine)
        return float(max(0.0, gate["limited_for_s"], gate["closed_for_s"] or 0.0))

    def halt(self) -> None:
        """Begin nothing new."""
        self._stopping = True

    async def stop(self) -> None:
        """Wait a little for what is under way and write down how it ended; an answer that does not
        come in that time is lost to us, and its call unknown.
        """
        self.halt()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_WITHIN_S):
                while running := self._running():
                    await asyncio.wait(running)
        for task in (late := self._running()):
            task.cancel()
        # Without its database this process must end too; who recovers finds the calls in `sending`.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WRITE_WITHIN_S):
                await asyncio.gather(*late, return_exceptions=True)
                try:
                    await self.take_back_lost(0.0)  # nothing is being begun any more
                except database.LOST as error:
                    log.warning("begun calls are not taken back: %s", type(error).__name__)
                except Exception:  # others recover them; this process ends all the same
                    log.exception("begun calls are not taken back")
                await self.closing.close()
        await self.reach.aclose()

    def _running(self) -> list[asyncio.Task[None]]:
        """Pumps, which may still begin something, and calls under way."""
        return [*self._pumps, *(task for tasks in self._under_way.values() for task in tasks)]

    async def _pump_until_idle(self, connection_id: int) -> None:
        while not self._stopping:
            active = self._registry.get(connection_id)
            running = self._under_way.setdefault(connection_id, set())
            if active is None or active.config is None:
                return
            if len(running) >= AT_ONCE:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                continue
            room = AT_ONCE - len(running)
            rows = await self._begin(active, room)
            all_taken = len(rows) == room and rows[0]["id"] is not None
            if not all_taken and not await self._more_soon(connection_id, rows):
                return

    async def _begin(self, active: Active, room: int, only: int | None = None) -> list[Any]:
        async with self._pool.acquire() as connection:
            # Before the database is asked: this process may be stopped while it answers.
            started = time.monotonic()
            rows = await store.begin(
                connection, active.id, room, active.rate_per_s, self.worker, only
            )
            begun = [row for row in rows if row["id"] is not None]
            held = await held_back_by(self._guards, connection, [row["effect"] for row in begun])
            for row in begun:
                if (hold := held.get(row["effect"])) is None:
                    self._start(active, row, self._make(active, row, started))
                else:
                    self._start(active, row, self.closing.submit(kept(active, row, hold)))
            if held and is_trial(rows[0]):
                await breaker_store.give_trial_back(connection, active.id)
        return rows

    async def _more_soon(self, connection_id: int, rows: Sequence[Any]) -> bool:
        """Whether to go on pumping: waits for a near next call, books a wake for a far one."""
        due_in_s = await store.next_due_in_s(self._pool, connection_id)
        if due_in_s is None or not rows or not rows[0]["active"]:
            return False
        wait_s = max(due_in_s, rows[0]["limited_for_s"], rows[0]["closed_for_s"] or 0.0)
        if wait_s <= LONGEST_SLEEP_S:
            await asyncio.sleep(max(wait_s, 0.002))
            return True
        # What is due later is found by `recover.wake_overdue`: a job for each would pile up.
        if wait_s <= SOON.total_seconds():
            async with self._pool.acquire() as connection:
                await wake(connection, connection_id, wait_s)
        return False

    def _start(self, active: Active, row: Any, work: Coroutine[Any, Any, None]) -> None:
        """`work` writes down how the call ended."""
        mine = (row["id"], row["attempt"])
        self._held.add(mine)
        task = asyncio.create_task(work)
        running = self._under_way[active.id]
        running.add(task)
        task.add_done_callback(running.discard)
        task.add_done_callback(lambda done: self._let_go(mine, done))

    def _let_go(self, mine: tuple[int, int], done: "asyncio.Task[None]") -> None:
        """What could not be written down stays ours: it may have left."""
        if not done.cancelled() and done.exception() is None:
            self._held.discard(mine)

    async def _make(self, active: Active, row: Any, started: float) -> None:
        logs.request_id.set(row["request_id"])
        result = await self._ask(active, row, started)
        level = logging.INFO if result.state is State.ACCEPTED else logging.WARNING
        about = {"call": row["id"], "attempt": row["attempt"]}
        log.log(
            level,
            "%s.%s: %s",
            active.connector.name,
            row["operation"],
            result.state,
            extra={**about, "code": result.code, "detail": result.detail},
        )
        await self.closing.submit(result)

    async def take_back_lost(self, after_s: float = LOST_AFTER_S) -> None:
        """Calls that were begun for this process but of which it never heard (the connection to the
        database broke in between) did certainly not leave: planned again.
        """
        rows = await store.begun_by(self._pool, self.worker, after_s)
        for row in rows:
            if (row["id"], row["attempt"]) not in self._held:
                await self.closing.submit(
                    never_left(row["id"], row["connection_id"], row["attempt"])
                )

    async def _ask(self, active: Active, row: Any, started: float) -> Result:
        operation = active.connector.operations[row["operation"]]
        try:
            if not await self._may_leave(row["slot_in_s"], started):
                return never_left(row["id"], active.id, row["attempt"])
            if too_old_to_repeat(operation, row["in_doubt_for_s"]):
                raise OutcomeUnknown("it may have happened too long ago to be asked for again")
            pay_for_one(last_look(self._guards, self._pool, row["effect"]))
            async with asyncio.timeout(LONGEST_CALL_S):
                answer = await self.reach.ask(active, operation, row["arguments"])
        except asyncio.CancelledError:
            said = "this process was stopped before the answer came"
            problem: Exception = OutcomeUnknown(said, code=STOPPED)
        except HeldBack as error:
            if is_trial(row):
                await self._give_trial_back(active.id)
            return kept(active, row, error.hold)
        except Exception as error:
            problem = error
            if not isinstance(error, UzelError | TimeoutError):
                log.exception("%s.%s failed", active.connector.name, operation.name)
        else:
            return succeeded(row["id"], active.id, row["attempt"], answer)
        now = datetime.now(UTC)
        return failed(
            row["id"],
            active.id,
            row["attempt"],
            operation,
            problem,
            now,
            in_doubt=is_in_doubt(active, row),
            age_s=row["age_s"],
        )

    async def _give_trial_back(self, connection_id: int) -> None:
        with contextlib.suppress(*database.PASSING):  # else it comes back by itself
            await breaker_store.give_trial_back(self._pool, connection_id)

    async def _may_leave(self, slot_in_s: float, started: float) -> bool:
        """Wait for the call's place in line; whether it still makes sense to leave then."""
        if slot_in_s > 0:
            try:
                await asyncio.sleep(slot_in_s)
            except asyncio.CancelledError:
                return False
        return time.monotonic() - started <= LATEST_START_S and not (slot_in_s and self._stopping)

    def client(self, active: Active) -> httpx2.AsyncClient:
        """The HTTP client of a connection."""
        return self.reach.client(active)


def is_trial(row: Any) -> bool:
    """Whether a begun call is the one that an open breaker lets through."""
    return row["closed_for_s"] is not None
