"""What a load leaves behind: the record kept while it runs, and the result read afterwards."""

import time
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass
from time import perf_counter, process_time

from uzel.bench.http1 import Head
from uzel.bench.latency import Latencies


@dataclass(frozen=True)
class LoadResult:
    """One finished load.

    `errors` counts what got no answer, by kind: *connect* (refused or too slow), *reset*, *closed*
    (the server hung up in mid-answer), *timeout*, *queue_timeout* (no connection came free in
    time, so never sent), *malformed*, *unasked* (an answer nobody waited for). Whether a request
    among them was handled is not known.
    """

    sent: int
    by_status: dict[int, int]
    errors: dict[str, int]
    seconds: float
    """From the first request to the last answer or the end of the sending, whichever is later."""
    cpu_s: float
    """What the generator itself used up of the cores it shares with the server."""
    ok: Latencies
    """Of the 2xx. In an open loop counted from the moment the request was due."""
    refused: Latencies
    """Of the 503."""
    retry_after: dict[str, int]
    """The Retry-After of the 503, as sent; "" where it was missing."""
    acknowledged: list[int]
    """The index of each request that got a 2xx, in the order of the answers."""
    acknowledged_at: list[float]
    """Unix seconds of those answers, same order."""
    queued: int
    """Open loop: requests that came due while no connection was free."""
    late: Latencies
    """Open loop: how long after they were due the others left. High: the generator is the limit."""

    @property
    def per_s(self) -> float:
        """2xx per second."""
        return len(self.ok) / self.seconds if self.seconds else 0.0

    @property
    def error_count(self) -> int:
        return sum(self.errors.values())


class Record:
    """The counters of a running load. Its methods are on the hot path."""

    def __init__(self) -> None:
        self.sent = 0
        self.finished = 0
        self.queued = 0
        self.errors: Counter[str] = Counter()
        self.late = array("d")
        self._by_status: defaultdict[int, int] = defaultdict(int)
        self._retry_after: Counter[str] = Counter()
        self._ok, self._refused = array("d"), array("d")
        self._acknowledged, self._acknowledged_at = array("q"), array("d")
        self._began_at = self._last_at = perf_counter()
        self._cpu_before_s = process_time()

    def begin(self) -> float:
        """Starts the clock, once what had to be prepared is there."""
        self._began_at = self._last_at = perf_counter()
        return self._began_at

    def answer(self, index: int, head: Head, since: float, now: float) -> None:
        status = head.status
        self._by_status[status] += 1
        self._last_at = now
        self.finished += 1
        if 200 <= status < 300:
            self._ok.append(now - since)
            self._acknowledged.append(index)
            self._acknowledged_at.append(now)
        elif status == 503:
            self._refused.append(now - since)
            self._retry_after[head.retry_after or ""] += 1

    def fail(self, kind: str) -> None:
        self.errors[kind] += 1
        self.finished += 1

    def result(self, ends_at: float) -> LoadResult:
        """`ends_at`: until when requests were to be sent, on the clock of perf_counter."""
        last_at = max(self._last_at, min(perf_counter(), ends_at))
        to_unix = time.time() - perf_counter()
        return LoadResult(
            sent=self.sent,
            by_status=dict(self._by_status),
            errors=dict(self.errors),
            seconds=last_at - self._began_at,
            cpu_s=process_time() - self._cpu_before_s,
            ok=Latencies(self._ok),
            refused=Latencies(self._refused),
            retry_after=dict(self._retry_after),
            acknowledged=self._acknowledged.tolist(),
            acknowledged_at=[at + to_unix for at in self._acknowledged_at],
            queued=self.queued,
            late=Latencies(self.late),
        )
