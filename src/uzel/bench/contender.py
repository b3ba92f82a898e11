"""A server that is measured, everything it was sent, and whether it kept its word."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

from uzel.bench import store
from uzel.bench.bodies import DeliveryRequests
from uzel.bench.businesses import NAME
from uzel.bench.load import LoadResult, closed_loop, open_loop
from uzel.bench.process import run_in_process
from uzel.bench.stage import Process
from uzel.events.receive import digest_of
from uzel.kit import database

TIMEOUT_S = 10.0
TIME_OUTS = ("timeout", "queue_timeout")
HEADERS = {"User-Agent": "iiko-webhook/1.0"}
DIGESTS_AT_ONCE = 20_000


class Sent(NamedTuple):
    """A load with the requests it was made of."""

    requests: DeliveryRequests
    load: LoadResult


@dataclass(slots=True)
class Contender:
    """A server that is measured. `dsn`: where it stores, None if nowhere."""

    server: Process
    path: str
    dsn: str | None = None
    turns: list[LoadResult] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """200s per second, the median of its turns."""
        return median(load.per_s for load in self.turns)

    async def closed(self, connections: int, seconds: float) -> LoadResult:
        """As much as it takes."""
        requests = self._requests()
        load = await run_in_process(
            closed_loop,
            self.server.target,
            requests,
            connections=connections,
            seconds=seconds,
            timeout_s=TIMEOUT_S,
        )
        self.sent.append(Sent(requests, load))
        return load

    async def opened(self, connections: int, per_s: float, seconds: float) -> LoadResult:
        """At a constant rate."""
        requests = self._requests()
        load = await run_in_process(
            open_loop,
            self.server.target,
            requests,
            per_s=per_s,
            seconds=seconds,
            connections_max=connections,
            timeout_s=TIMEOUT_S,
        )
        self.sent.append(Sent(requests, load))
        return load

    def _requests(self) -> DeliveryRequests:
        """Every body is new: each load has a run id of its own."""
        return DeliveryRequests(
            host=urlsplit(self.server.url).netloc,
            path=self.path,
            headers=HEADERS,
            run_id=secrets.randbits(32),
            occurred_at=datetime.now(UTC),
        )


def error_count(load: LoadResult, *, overload: bool) -> int:
    """What must not be: no answer, or one other than 200."""
    allowed = {200, 503} if overload else {200}
    wrong = sum(count for status, count in load.by_status.items() if status not in allowed)
    excused = sum(load.errors.get(kind, 0) for kind in TIME_OUTS) if overload else 0
    return wrong + load.error_count - excused


async def missing(contender: Contender, connection_id: int) -> int:
    """Acknowledged requests that are not in the database."""
    if contender.dsn is None:
        return 0
    connection = await database.connect(contender.dsn, name=NAME)
    try:
        return sum(
            [
                await store.count_missing(connection, connection_id, digests)
                for sent in contender.sent
                for digests in digests_of(sent)
            ]
        )
    finally:
        await connection.close()


def digests_of(sent: Sent) -> Iterator[list[bytes]]:
    """Of the acknowledged bodies, in parts; the key in the query is no part of what is stored."""
    acknowledged = sent.load.acknowledged
    for start in range(0, len(acknowledged), DIGESTS_AT_ONCE):
        requests = map(sent.requests, acknowledged[start : start + DIGESTS_AT_ONCE])
        yield [digest_of("", request.partition(b"\r\n\r\n")[2]) for request in requests]
