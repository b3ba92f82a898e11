"""Making the planned calls: take over, ask, close; within each connection's rate and breaker."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

from uzel.calls import store
from uzel.calls.outcome import Health, Result, State, failed, succeeded
from uzel.calls.plan import wake
from uzel.connections.registry import Active, Registry
from uzel.connections.store import set_state
from uzel.errors import OutcomeUnknown, Unavailable, UzelError
from uzel.kit import database, logs
from uzel.kit.batch import Batcher
from uzel.kit.http import new_client

log = logging.getLogger("uzel.calls")

AT_ONCE = 64
LONGEST_CALL_S = 30.0
# A call begun longer ago than this has not left yet because this process was stopped; by now it
# may have been declared unknown, so it must not leave any more.
LATEST_START_S = 4.0
LONGEST_SLEEP_S = 1.0
FINISH_WITHIN_S = 5.0
BREAKER_THRESHOLD = 5
CLOSE_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Closed:
    """A call whose end was written down: what its owner is told, in the same transaction."""

    effect: str
    result: Result


Owner = Callable[[database.Connection, Sequence[Closed]], Awaitable[None]]


class Runner:
    """Makes the calls of all connections in this process.

    owners  first part of an effect (`message` of `message:17`) → who is told how its calls ended
    """

    def __init__(
        self, pool: database.Pool, registry: Registry, owners: Mapping[str, Owner], worker: UUID
    ) -> None:
        self._pool = pool
        self._registry = registry
        self._owners = owners
        self._worker = worker
        self._clients: dict[tuple[int, str], httpx2.AsyncClient] = {}
        self._pumping: dict[int, bool] = {}
        self._under_way: dict[int, set[asyncio.Task[None]]] = {}
        self._closing: Batcher[Result, None] = Batcher(self._write_down, at_once=1)
        self._stopping = False

    async def pump(self, connection_id: int) -> None:
        """Make the due calls of one connection; handler of the `calls` job."""
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

    def halt(self) -> None:
        """Begin nothing new."""
        self._stopping = True

    async def stop(self) -> None:
        """Wait a little for what is under way and write down how it ended; an answer that does not
        come in that time is lost to us, and its call unknown.
        """
        self.halt()
        if running := [task for tasks in self._under_way.values() for task in tasks]:
            _, late = await asyncio.wait(running, timeout=FINISH_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        await self._closing.close()
        for client in self._clients.values():
            await client.aclose()

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
            rows = await store.begin(
                self._pool, connection_id, room, active.rate_per_s, self._worker
            )
            begun = [row for row in rows if row["id"] is not None]
            started = time.monotonic()
            for row in begun:
                self._start(active, row, started)
            if len(begun) < room and not await self._more_soon(connection_id, rows):
                return

    async def _more_soon(self, connection_id: int, rows: Sequence[Any]) -> bool:
        """Whether to go on pumping: waits for a near next call, books a wake for a far one."""
        due_at = await store.next_due(self._pool, connection_id)
        if due_at is None or not rows or not rows[0]["active"]:
            return False
        gate = rows[0]
        at = max(filter(None, (due_at, gate["next_at"], gate["closed_until"])))
        wait_s = (at - datetime.now(UTC)).total_seconds()
        if wait_s <= LONGEST_SLEEP_S:
            await asyncio.sleep(max(wait_s, 0.002))
            return True
        async with self._pool.acquire() as connection:
            await wake(connection, connection_id, wait_s)
        return False

    def _start(self, active: Active, row: Any, started: float) -> None:
        task = asyncio.create_task(self._make(active, row, started))
        running = self._under_way[active.id]
        running.add(task)
        task.add_done_callback(running.discard)

    async def _make(self, active: Active, row: Any, started: float) -> None:
        logs.request_id.set(row["request_id"])
        result = await self._ask(active, row, started)
        level = logging.INFO if result.state is State.ACCEPTED else logging.WARNING
        log.log(
            level,
            "%s.%s: %s",
            active.connector.name,
            row["operation"],
            result.state,
            extra={
                "call": row["id"],
                "attempt": row["attempt"],
                "code": result.code,
                "detail": result.detail,
            },
        )
        await self._closing.submit(result)

    async def _ask(self, active: Active, row: Any, started: float) -> Result:
        operation = active.connector.operations[row["operation"]]
        try:
            if time.monotonic() - started > LATEST_START_S:
                raise Unavailable("this process was stopped before the call left")
            async with asyncio.timeout(LONGEST_CALL_S):
                answer = await operation.run(self.client(active), active.config, row["arguments"])
        except asyncio.CancelledError:
            problem: Exception = OutcomeUnknown("this process was stopped before the answer came")
        except Exception as error:
            problem = error
            if not isinstance(error, UzelError | TimeoutError):
                log.exception("%s.%s failed", active.connector.name, operation.name)
        else:
            return succeeded(row["id"], active.id, row["attempt"], answer)
        now = datetime.now(UTC)
        return failed(row["id"], active.id, row["attempt"], operation, problem, now)

    def client(self, active: Active) -> httpx2.AsyncClient:
        """The HTTP client of a connection, kept as long as its address stays."""
        base_url = str(getattr(active.config, "base_url", ""))
        key = (active.id, base_url)
        if key not in self._clients:
            self._clients[key] = new_client(base_url)
        return self._clients[key]

    async def _write_down(self, results: Sequence[Result]) -> Sequence[None]:
        """Close calls, tell their owners, keep connections' health: one transaction. An answer that
        cannot be written down would turn into an unknown, so this waits for the database.
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
                await asyncio.sleep(CLOSE_AGAIN_S)

    async def write_down(self, connection: database.Connection, results: Sequence[Result]) -> None:
        """The same in the caller's transaction."""
        by_id = {result.call_id: result for result in results}
        rows = await store.close(connection, sorted(results, key=lambda r: r.call_id))
        told: dict[str, list[Closed]] = {}
        for row in rows:
            owner = row["effect"].partition(":")[0]
            told.setdefault(owner, []).append(Closed(row["effect"], by_id[row["id"]]))
        for owner, closed in told.items():
            await self._owners[owner](connection, closed)
        await self._keep_health(connection, results)
        await self._book_retries(connection, results)

    async def _keep_health(
        self, connection: database.Connection, results: Sequence[Result]
    ) -> None:
        good = {r.connection_id for r in results if r.health is Health.GOOD}
        for result in sorted(results, key=lambda r: r.connection_id):
            reason = f"{result.detail or result.error_class}"
            if result.health is Health.SHAKY and result.connection_id not in good:
                await store.trip(connection, result.connection_id, reason, BREAKER_THRESHOLD)
            elif result.health is Health.BROKEN:
                log.error("connection %s paused: %s", result.connection_id, reason)
                await set_state(connection, result.connection_id, "paused", reason)
        if good:
            await store.mend(connection, sorted(good))

    async def _book_retries(
        self, connection: database.Connection, results: Sequence[Result]
    ) -> None:
        now = datetime.now(UTC)
        first: dict[int, datetime] = {}
        for result in results:
            if result.state is State.PLANNED and result.due_at is not None:
                known = first.get(result.connection_id, result.due_at)
                first[result.connection_id] = min(known, result.due_at)
        for connection_id, due_at in first.items():
            await wake(connection, connection_id, max(0.0, (due_at - now).total_seconds()))
