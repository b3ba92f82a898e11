"""Group commit: callers that wait at the same time share one trip to the database."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Full(Exception):
    """More callers wait than the batcher takes."""


class Batcher(Generic[Item, Result]):
    """Collects items while earlier ones are being flushed and flushes them together.

    flush     takes up to `most` items, returns one result for each in the same order; if it raises,
              every caller of that batch gets the exception, and a result that is one is raised to
              its caller alone
    at_once   flushes under way at the same time
    room      items that may wait before `submit` raises Full
    apart_s   the least time between the beginnings of two flushes

    The first item goes at once, alone, and the time its flush takes is what gathers the next batch.
    Latency stays that of one flush; batches grow only under load. Where a flush costs much however
    little it holds, `apart_s` gathers more: who comes alone still never waits.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        most: int = 256,
        at_once: int = 2,
        room: int = 4096,
        apart_s: float = 0.0,
    ) -> None:
        self._flush = flush
        self._most = most
        self._at_once = at_once
        self._room = room
        self._apart_s = apart_s
        self._next_at = 0.0
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._flushes: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Items not yet handed to a flush."""
        return len(self._waiting)

    def submit(self, item: Item) -> asyncio.Future[Result]:
        """Queue `item`; the future ends when its batch is flushed. Raises Full."""
        if len(self._waiting) >= self._room:
            raise Full
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._flushes) < self._at_once:
            self._flushes.add(asyncio.create_task(self._drain()))
        return future

    async def close(self) -> None:
        """Wait until everything submitted so far is flushed."""
        while self._flushes:
            await asyncio.wait(self._flushes)

    async def _drain(self) -> None:
        try:
            # One turn of the loop lets requests that arrived in the same packet join this batch.
            await asyncio.sleep(0)
            while self._waiting:
                if self._apart_s:
                    await self._wait_for_turn()
                await self._flush_some()
                # Whoever was answered may ask again at once: without this turn, the next batch
                # would be without them, and so on, a large one and a small one in turns.
                await asyncio.sleep(0)
        finally:
            # In the same turn in which the last item was seen: a done callback would run one turn
            # later, and an item submitted in between would find a flush that takes no more.
            task = asyncio.current_task()
            assert task is not None
            self._flushes.discard(task)

    async def _wait_for_turn(self) -> None:
        now = asyncio.get_running_loop().time()
        begin_at = max(now, self._next_at)
        self._next_at = begin_at + self._apart_s
        if begin_at > now:
            await asyncio.sleep(begin_at - now)

    async def _flush_some(self) -> None:
        size = min(len(self._waiting), self._most)
        batch = [self._waiting.popleft() for _ in range(size)]
        try:
            results = await self._flush([item for item, _ in batch])
        except BaseException as error:
            fail(batch, error)
            if not isinstance(error, Exception):
                raise
        else:
            for (_, future), result in zip(batch, results, strict=True):
                settle(future, result)


def settle(future: "asyncio.Future[Result]", result: Result | Exception) -> None:
    """Answer a caller, if it still waits."""
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


def fail(batch: Sequence[tuple[Item, "asyncio.Future[Result]"]], error: BaseException) -> None:
    """Hand `error` to every caller of the batch that still waits."""
    if not isinstance(error, Exception):
        error = ConnectionAbortedError("stopped before this was done")
    for _, future in batch:
        settle(future, error)
