"""One connection of the load generator: a request in flight at a time, and who hears of its end."""

import asyncio
from time import perf_counter
from typing import Protocol, cast

from uzel.bench.http1 import AnswerReader, Head
from uzel.bench.result import Record
from uzel.errors import ContractBroken


class Owner(Protocol):
    """The loop a connection works for."""

    record: Record
    broken: BaseException | None
    """What a caller's function of requests raised: the end of the run, not an error of the target.
    """

    def ready(self, connection: "Connection", now: float) -> None:
        """The connection is free; `now` is on the clock of perf_counter."""

    def left(self, connection: "Connection") -> None:
        """The connection is gone."""


class Connection(asyncio.Protocol):
    """Kept alive, never pipelined."""

    IDLE = -1

    def __init__(self, owner: Owner) -> None:
        self.index = self.IDLE
        self.since = 0.0
        self.free_since = perf_counter()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = owner
        self._reader = AnswerReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def send(self, index: int, request: bytes, since: float) -> None:
        """`since`: from when the latency counts."""
        self.index = index
        self.since = since
        self._owner.record.sent += 1
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        try:
            answers = self._reader.feed(data)
        except ContractBroken:
            self.give_up("malformed")
            return
        if answers:
            self._answered(answers, now)

    def _answered(self, answers: list[Head], now: float) -> None:
        index = self.index
        if index == self.IDLE or len(answers) > 1:
            self.give_up("unasked")
            return
        self.index = self.IDLE
        head = answers[0]
        self._owner.record.answer(index, head, self.since, now)
        if head.closes:
            self.transport.close()
        else:
            self._owner.ready(self, now)

    def give_up(self, kind: str) -> None:
        """Counts an error of this kind and hangs up."""
        if self.index == self.IDLE:
            self._owner.record.errors[kind] += 1
        else:
            self._owner.record.fail(kind)
        self.index = self.IDLE
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not isinstance(exc, OSError):
            self._owner.broken = exc
        if self.index != self.IDLE:
            self.index = self.IDLE
            self._owner.record.fail("closed" if exc is None else "reset")
        if not self.lost.done():
            self.lost.set_result(None)
        self._owner.left(self)
