"""`GET /metrics` for Prometheus, cheap enough for every few seconds.

What this process counts itself is exact; what stands in the database is read at most every few
seconds, large tables by PostgreSQL's own estimates. While the database is away the scrape goes on
with `uzel_database_up 0` and without its figures.

Who may: a request from this machine, or one with an API token of the scope `read`
(`authorization: {credentials_file: …}` in Prometheus). A proxy on this machine makes the whole
world look local, so a request that came through one needs the token, and so does every request once
UZEL_PUBLIC_URL says that the installation has been published.
"""

import asyncio
import ipaddress
import time
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from starlette.responses import PlainTextResponse, Response

from uzel import __version__
from uzel.kit import database
from uzel.kit.secrets import fingerprint
from uzel.people.scopes import READ
from uzel.views.metrics_store import Figures, figures
from uzel.web.api.tokens import find_caller
from uzel.web.deps import Deps

FRESH_FOR_S = 5.0
# A token that was good so recently opens the door while the database is away: that is when the
# figures matter most.
TRUSTED_FOR_S = 3600.0
MOST_TRUSTED = 100
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

router = APIRouter(include_in_schema=False)


class Metrics:
    """The figures of one process; a Prometheus collector."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._figures: Figures | None = None
        self._read_at = -FRESH_FOR_S
        self._lock = asyncio.Lock()
        self._trusted: dict[bytes, float] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def text(self) -> bytes:
        """All figures in the exposition format."""
        async with self._lock:
            if time.monotonic() - self._read_at >= FRESH_FOR_S:
                self._figures = await self._read()
                self._read_at = time.monotonic()
        return generate_latest(self._registry)

    async def _read(self) -> Figures | None:
        try:
            async with asyncio.timeout(FRESH_FOR_S):
                return await figures(self._deps.pool, self._deps.registry.unreadable())
        except database.LOST:
            return None

    async def may(self, request: Request) -> bool:
        """Whether this request may see the figures."""
        if is_local(request) and self._deps.settings.public_url is None:
            return True
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        mark = fingerprint(token.strip())
        try:
            caller = await find_caller(request, token.strip())
        except database.LOST:
            return time.monotonic() - self._trusted.get(mark, -TRUSTED_FOR_S) < TRUSTED_FOR_S
        self._trusted.pop(mark, None)
        if caller is None or READ not in caller.scopes:
            return False
        if len(self._trusted) >= MOST_TRUSTED:
            self._trusted.clear()
        self._trusted[mark] = time.monotonic()
        return True

    def collect(self) -> Iterable[Metric]:
        """What Prometheus asks of a collector."""
        version = {(__version__,): 1}
        yield gauge("uzel_build_info", "The version, as a label.", ("version",), version)
        yield from of_process(self._deps)
        up = {(): self._figures is not None}
        yield gauge("uzel_database_up", "Whether the database answers.", (), up)
        if self._figures is not None:
            yield from of_database(self._figures)


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine, straight, and by a local name: a page of
    somebody's could point a name of its own at 127.0.0.1.
    """
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    return is_loopback(request.client.host) and is_loopback(request.url.hostname or "")


def is_loopback(host: str) -> bool:
    """`localhost`, 127.0.0.0/8, ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def of_process(deps: Deps) -> Iterable[Metric]:
    """What this process knows without asking anybody."""
    door = CounterMetricFamily(
        "uzel_door_requests",
        "Webhooks by connector and what became of them: stored, duplicate, or why turned away.",
        labels=("connector", "outcome"),
    )
    for (connector, outcome), count in sorted(deps.door.outcomes.items()):
        door.add_metric((connector, outcome), count)
    yield door
    refused = CounterMetricFamily(
        "uzel_http_refused",
        "Requests refused before anybody looked into them, for how or how slowly they came.",
        labels=("status",),
    )
    for status, count in sorted(deps.refused.items()):
        refused.add_metric((str(status),), count)
    yield refused
    waiting = {(): deps.receiver.waiting}
    yield gauge("uzel_ingest_waiting", "Webhooks that wait for a commit to begin.", (), waiting)


def of_database(read: Figures) -> Iterable[Metric]:
    """What the database tells."""
    for name, column in (
        ("raw_events", "state"),
        ("events", "decision"),
        ("messages", "state"),
        ("calls", "state"),
    ):
        about = f"Stored {name.replace('_', ' ')} by {column}; estimated where there are many."
        yield gauge(f"uzel_{name}", about, (column,), keyed(read.rows[name]))
    counts = {(kind,): heap.count for kind, heap in read.stuck.items()}
    yield gauge("uzel_stuck", "What waits for somebody, by kind.", ("kind",), counts)
    now = time.time()
    ages = {
        (kind,): max(0.0, now - heap.oldest_at.timestamp()) if heap.oldest_at else 0
        for kind, heap in read.stuck.items()
    }
    yield gauge("uzel_stuck_oldest_age_seconds", "The oldest of these.", ("kind",), ages)
    yield gauge("uzel_queue_jobs", "Jobs that wait or run.", ("kind",), keyed(read.queue))
    yield gauge("uzel_workers", "Workers with a sign of life.", (), {(): read.workers})
    yield from of_connections(read)


def of_connections(read: Figures) -> Iterable[Metric]:
    """How each connection is."""
    labels = ("connector", "connection")
    states = {(c.connector, c.name, c.state): 1 for c in read.connections}
    yield gauge("uzel_connection_state", "active, paused or off.", (*labels, "state"), states)
    unreadable = {(c.connector, c.name): not c.readable for c in read.connections}
    about = "Its settings or secrets cannot be read: another master key? It counts as paused."
    yield gauge("uzel_connection_unreadable", about, labels, unreadable)
    opened = {(c.connector, c.name): c.breaker_open for c in read.connections}
    yield gauge("uzel_breaker_open", "Given a rest after failures.", labels, opened)
    failures = {(c.connector, c.name): c.failures for c in read.connections}
    yield gauge("uzel_breaker_failures", "Failures in a row.", labels, failures)


def gauge(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    """One gauge. `values` are by tuples, one part for each label."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family


def keyed(values: Mapping[str, int]) -> dict[tuple[str], int]:
    """Values by one label."""
    return {(name,): value for name, value in values.items()}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """The figures."""
    known: Metrics = request.app.state.metrics
    if not await known.may(request):
        headers = {"www-authenticate": 'Bearer realm="uzel"'}
        return PlainTextResponse("An API token with the scope read, please.\n", 401, headers)
    return Response(await known.text(), media_type=CONTENT_TYPE_LATEST)
