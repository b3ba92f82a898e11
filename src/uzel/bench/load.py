"""The load generator: a closed loop to find the limit, an open loop to measure at a given rate.

Both are cheap enough to share two cores with the server and the database they measure. Run them
through `uzel.bench.process.run_in_process`, so that they share an event loop with nothing.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from time import perf_counter

from uzel.bench.connection import Connection
from uzel.bench.http1 import request_bytes
from uzel.bench.result import LoadResult
from uzel.bench.run import Requests, Run, Target, end
from uzel.errors import ConfigError

__all__ = ["LoadResult", "Requests", "Target", "closed_loop", "open_loop", "request_bytes"]

TICK_S = 0.001
"""The finest step of an event loop's timer."""
RECONNECT_PAUSE_S = 0.05
OPENING_MAX = 8
IDLE_MAX_S = 3.0
"""Uvicorn hangs up after 5 idle seconds; a request sent at that moment would count as an error."""


async def closed_loop(
    target: Target,
    requests: Requests,
    *,
    connections: int,
    seconds: float = math.inf,
    total: float = math.inf,
    timeout_s: float = 30.0,
) -> LoadResult:
    """Each connection sends its next request when its last one is answered.

    Ends after `seconds`, after `total` requests or with the iterable, whichever is first. A lost
    connection is replaced; once none can be had for `timeout_s`, its place stays empty.
    A time-out is noticed up to a quarter of `timeout_s` late (at most 0.25 s).
    """
    if math.isinf(seconds) and math.isinf(total) and callable(requests):
        raise ConfigError("a closed loop needs an end: seconds, total, or requests that run out")
    run = _ClosedRun(
        target=target,
        requests=requests,
        connections=connections,
        seconds=seconds,
        total=total,
        timeout_s=timeout_s,
    )
    return await run.run()


async def open_loop(
    target: Target,
    requests: Requests,
    *,
    per_s: float,
    seconds: float,
    connections_max: int,
    timeout_s: float = 30.0,
) -> LoadResult:
    """Requests come due at a constant rate, whether or not earlier ones are answered.

    Latency and time-out count from the moment a request is due, so a server that stalls is charged
    for everything that would have come meanwhile. All `connections_max` connections are opened
    before the clock starts; while none is free, requests queue in order.
    """
    run = _OpenRun(
        target=target,
        requests=requests,
        per_s=per_s,
        total=round(per_s * seconds),
        connections_max=connections_max,
        timeout_s=timeout_s,
    )
    return await run.run()


class _ClosedRun(Run):
    def __init__(
        self,
        *,
        target: Target,
        requests: Requests,
        connections: int,
        seconds: float,
        total: float,
        timeout_s: float,
    ) -> None:
        super().__init__(target, timeout_s)
        self._places = connections
        self._seconds = seconds
        self._total = total
        self._take = _taker(requests)

    async def drive(self) -> None:
        opened = await self.open_many(self._places)
        self.ends_at = self.record.begin() + self._seconds
        await asyncio.gather(*map(self._hold_place, opened))

    async def _hold_place(self, connection: Connection | None) -> None:
        hopeless_at = perf_counter() + self.timeout_s
        while not self._over(perf_counter()):
            if connection is not None:
                self.ready(connection, perf_counter())
                await connection.lost
                hopeless_at = perf_counter() + self.timeout_s
            elif perf_counter() > hopeless_at:
                return
            else:
                await asyncio.sleep(RECONNECT_PAUSE_S)
            connection = None if self._over(perf_counter()) else await self.open()

    def ready(self, connection: Connection, now: float) -> None:
        request = None if self._over(now) else self._take(self.next_index)
        if request is None:
            self._total = min(self._total, self.next_index)
            connection.transport.close()
            return
        index = self.next_index
        self.next_index += 1
        connection.send(index, request, perf_counter())

    def _over(self, now: float) -> bool:
        return now >= self.ends_at or self.next_index >= self._total


class _OpenRun(Run):
    def __init__(
        self,
        *,
        target: Target,
        requests: Requests,
        per_s: float,
        total: int,
        connections_max: int,
        timeout_s: float,
    ) -> None:
        super().__init__(target, timeout_s)
        self._total = total
        self._take: Callable[[int], bytes]
        if callable(requests):
            self._take = requests
        else:
            prepared = list(islice(requests, self._total))
            self._total = len(prepared)
            self._take = prepared.__getitem__
        self._connections_max = connections_max
        self._interval_s = 1 / per_s
        self._began = 0.0
        self._idle: deque[Connection] = deque()
        self._waiting: deque[tuple[int, float]] = deque()
        self._opening: set[asyncio.Task[None]] = set()

    async def drive(self) -> None:
        opened = await self.open_many(self._connections_max)
        self._idle.extend(connection for connection in opened if connection is not None)
        self._began = self.record.begin()
        self.ends_at = self._began + self._total * self._interval_s
        while self.next_index < self._total:
            self._arrivals(perf_counter())
            await asyncio.sleep(max(TICK_S, self._due - perf_counter()))
        # A look now and then costs the hot path less than an event to set would.
        while self.record.finished < self._total or perf_counter() < self.ends_at:  # noqa: ASYNC110
            await asyncio.sleep(TICK_S)

    @property
    def _due(self) -> float:
        return self._began + self.next_index * self._interval_s

    def _arrivals(self, now: float) -> None:
        """Handles each request that is due by `now`."""
        while self.next_index < self._total and (due := self._due) <= now:
            index = self.next_index
            self.next_index += 1
            connection = self._idle_connection(now)
            if connection is None:
                self._waiting.append((index, due))
                self.record.queued += 1
                self._grow()
            else:
                connection.send(index, self._take(index), due)
                self.record.late.append(perf_counter() - due)

    def ready(self, connection: Connection, now: float) -> None:
        if self._waiting:
            index, due = self._waiting.popleft()
            connection.send(index, self._take(index), due)
        else:
            connection.free_since = now
            self._idle.append(connection)
        self._arrivals(now)  # finer than the timer can be

    def left(self, connection: Connection) -> None:
        super().left(connection)
        with suppress(ValueError):
            self._idle.remove(connection)
        if self._waiting:
            self._grow()

    def expire(self, before: float) -> None:
        super().expire(before)
        while self._waiting and self._waiting[0][1] < before:
            self._waiting.popleft()
            self.record.fail("queue_timeout")

    def _idle_connection(self, now: float) -> Connection | None:
        while self._idle:
            connection = self._idle.popleft()  # taking turns keeps all of them alive
            if now - connection.free_since < IDLE_MAX_S and not connection.transport.is_closing():
                return connection
            connection.transport.close()
        return None

    def _grow(self) -> None:
        """Begins to replace a lost connection, if one is missing.

        Few at a time: opening costs ten times a request, and a stalled server gets no storm of it.
        """
        opening = len(self._opening)
        if opening >= OPENING_MAX or len(self.connections) + opening >= self._connections_max:
            return
        task = asyncio.create_task(self._open_one())
        self._opening.add(task)
        task.add_done_callback(self._opened)

    async def _open_one(self) -> None:
        while (connection := await self.open()) is None:
            if self._waiting:  # `open` has counted the error; this is the request it costs
                self._waiting.popleft()
                self.record.finished += 1
            if not self._waiting:
                return
        self.ready(connection, perf_counter())

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if not task.cancelled():
            self.broken = self.broken or task.exception()

    async def close(self) -> None:
        self._waiting.clear()
        await end(self._opening)
        await super().close()


def _taker(requests: Requests) -> Callable[[int], bytes | None]:
    """The request of an index; None once an iterable has run out."""
    if callable(requests):
        return requests
    remaining = iter(requests)
    return lambda _: next(remaining, None)
