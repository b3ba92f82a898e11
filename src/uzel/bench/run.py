"""What the closed and the open loop share: the target, the connections, the time-outs."""

import asyncio
import math
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlsplit

from uzel.bench.connection import Connection
from uzel.bench.result import LoadResult, Record
from uzel.errors import ConfigError

Requests = Callable[[int], bytes] | Iterable[bytes]
"""The request of each index from 0, by a function or in order. A load ends with its iterable."""


class Target(NamedTuple):
    """Where the load goes."""

    host: str
    port: int

    @classmethod
    def at(cls, url: str) -> "Target":
        """The target of `http://host:port`. Raises ConfigError for anything but plain HTTP."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ConfigError(f"the load generator speaks plain HTTP only, not {url!r}")
        return cls(parts.hostname, parts.port or 80)


class Run:
    """What both loops share: the connections, the record, the time-outs."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        self.record = Record()
        self.broken: BaseException | None = None
        self.connections: set[Connection] = set()
        self.next_index = 0
        self.ends_at = math.inf
        self.timeout_s = timeout_s
        self._target = target

    async def run(self) -> LoadResult:
        tasks = [asyncio.create_task(self.drive()), asyncio.create_task(self._watch())]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
            return self.record.result(self.ends_at)
        finally:
            await end(tasks)
            await self.close()

    async def close(self) -> None:
        remaining = list(self.connections)
        for connection in remaining:
            connection.transport.abort()
        await asyncio.gather(*(connection.lost for connection in remaining))

    async def drive(self) -> None:
        """Sends everything and returns once everything is answered or given up."""
        raise NotImplementedError

    def ready(self, connection: Connection, now: float) -> None:
        """Gives a free connection its next request."""
        raise NotImplementedError

    def left(self, connection: Connection) -> None:
        self.connections.discard(connection)

    def expire(self, before: float) -> None:
        late = [c for c in self.connections if c.index != c.IDLE and c.since < before]
        for connection in late:
            connection.give_up("timeout")

    async def open_many(self, count: int) -> list[Connection | None]:
        """In groups: a listening socket with the usual backlog of 100 drops what exceeds it."""
        opened: list[Connection | None] = []
        while (missing := count - len(opened)) > 0:
            opened += await asyncio.gather(*(self.open() for _ in range(min(missing, 32))))
        return opened

    async def open(self) -> Connection | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.timeout_s):
                _, connection = await loop.create_connection(
                    lambda: Connection(self), self._target.host, self._target.port
                )
            if connection.lost.done():
                raise ConnectionResetError
        except OSError:
            self.record.errors["connect"] += 1
            return None
        self.connections.add(connection)
        return connection

    async def _watch(self) -> None:
        while self.broken is None:
            await asyncio.sleep(min(0.25, self.timeout_s / 4))
            self.expire(perf_counter() - self.timeout_s)
        raise self.broken


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels and waits. What they raised was heard already, or no longer matters."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
