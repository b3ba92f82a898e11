"""The state of the installation in one glance: how much, how fast, what is stuck and since when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from uzel.jobs.queue import waiting
from uzel.kit.database import Connection, Pool
from uzel.views import overview_store as store
from uzel.views.missing import Missing, missing
from uzel.views.overview_store import MOST, Counted

HOURS = 24
# Where what is stuck is listed: the list, and the state it is narrowed to.
TARGETS = {
    "parked": ("raw_events", "parked"),
    "unprocessed": ("raw_events", "received"),
    "undecided": ("events", "pending"),
    "unknown_calls": ("calls", "unknown"),
    "looked_up_calls": ("calls", "unknown"),
    "overdue_calls": ("calls", "planned"),
}
# Receipts come up to so much later than the message was made.
RECEIPTS_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Volume:
    """How many in a period: raw events received, visits asked about, messages accepted by their
    provider, delivered, failed.
    """

    received: int = 0
    asked: int = 0
    accepted: int = 0
    delivered: int = 0
    failed: int = 0


KINDS = frozenset(field.name for field in fields(Volume))


@dataclass(frozen=True, slots=True)
class Hour:
    """`starts_at` is a full hour in the time zone of the overview."""

    starts_at: datetime
    volume: Volume


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something that waits for somebody.

    kind    parked, unprocessed, undecided, unknown_calls (a person has to decide),
            looked_up_calls (their provider is being asked), overdue_calls
    more    there are more than `count`
    target  the list that shows it (raw_events, events, calls), narrowed to `state`
    """

    kind: str
    count: int
    more: bool
    oldest_at: datetime | None
    target: str
    state: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A connection that is paused or cannot be read, or whose access has to be granted anew
    (`anew`), and why; `since` is when it was last changed.
    """

    connection_id: int
    connector: str
    name: str
    reason: str | None
    since: datetime
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Breaker:
    """A connection that is given a rest after failures; the next call is a trial."""

    connection_id: int
    connector: str
    name: str
    failures: int
    open_until: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests turned away at the door since midnight UTC; reason: key, signature, body, size,
    busy, method.
    """

    connector: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Spend:
    """What the messages accepted today cost, as far as it is known yet."""

    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Latency:
    """From the receipt of a webhook to the acceptance of its message, over the last hour."""

    p50_s: float
    p99_s: float
    messages: int


@dataclass(frozen=True, slots=True)
class Overview:
    """See the parts. Days and hours are those of `time_zone`, the first business's.

    hours   the last 24, oldest first; the last one is under way
    exact   False: `hours`, `today` and `spend` are scaled up from a sample
    queue   waiting and running jobs by kind
    missing what of the set-up is to be done
    """

    at: datetime
    time_zone: str
    hours: tuple[Hour, ...]
    today: Volume
    exact: bool
    stuck: tuple[Stuck, ...]
    paused: tuple[Paused, ...]
    breakers: tuple[Breaker, ...]
    refused: tuple[Refused, ...]
    queue: dict[str, int]
    workers: int
    spend: tuple[Spend, ...]
    latency: Latency | None
    missing: tuple[Missing, ...] = ()


async def overview(
    pool: Pool, now: datetime | None = None, unreadable: Mapping[int, str] | None = None
) -> Overview:
    """The overview as of now. `unreadable`: what `Registry.unreadable` gives, as good as paused."""
    unreadable = unreadable or {}
    now = now or datetime.now(UTC)
    async with pool.acquire() as connection:
        zone = await store.first_time_zone(connection)
        local = now.astimezone(ZoneInfo(zone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        this_hour = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        first = this_hour - timedelta(hours=HOURS - 1)
        counted = await volumes(connection, first, zone)
        hours = tuple(hours_of(first, counted))
        troubled = await store.troubled_connections(connection, unreadable)
        return Overview(
            at=now,
            time_zone=zone,
            hours=hours,
            today=total(hour.volume for hour in hours if hour.starts_at >= midnight),
            exact=all(part.exact for part in counted),
            stuck=await stuck(connection),
            paused=tuple(paused(troubled, unreadable)),
            breakers=tuple(to_breaker(row) for row in troubled if row["open"]),
            refused=tuple(Refused(**row) for row in await store.refusals(connection)),
            queue=await waiting(connection),
            workers=await store.living_workers(connection),
            spend=tuple(spent_since(midnight, counted)),
            latency=await latency(connection, now),
            missing=tuple(await missing(connection, now)),
        )


async def volumes(connection: Connection, since: datetime, zone: str) -> list[Counted]:
    """The counts by hour and kind, part by part."""
    parts = (
        ("raw_event", "received_at", store.RECEIVED, since),
        ("event", "created_at", store.ASKED, since),
        ("message", "created_at", store.SENT, since - RECEIPTS_AFTER),
    )
    return [await store.count_by_hour(connection, *part, zone) for part in parts]


def hours_of(first: datetime, counted: Iterable[Counted]) -> Iterable[Hour]:
    """Every hour from `first` on, the empty ones too."""
    starts = [first + timedelta(hours=i) for i in range(HOURS)]
    found: dict[datetime, dict[str, int]] = {start: {} for start in starts}
    for part in counted:
        for hour, kind, count in part.rows:
            if hour in found and kind in KINDS:
                found[hour][kind] = count
    return (Hour(start, Volume(**found[start])) for start in starts)


def total(volumes: Iterable[Volume]) -> Volume:
    """All of them together."""
    listed = list(volumes)
    return Volume(**{kind: sum(getattr(volume, kind) for volume in listed) for kind in KINDS})


def spent_since(midnight: datetime, counted: Iterable[Counted]) -> Iterable[Spend]:
    """The sums by currency: kinds that are no part of a volume."""
    sums: dict[str, int] = {}
    for part in counted:
        for hour, kind, amount in part.rows:
            if kind not in KINDS and hour >= midnight:
                sums[kind] = sums.get(kind, 0) + amount
    return (Spend(currency, amount) for currency, amount in sorted(sums.items()))


async def stuck(connection: Connection) -> tuple[Stuck, ...]:
    """What waits for somebody; kinds with nothing are left out."""
    heaps = await store.heaps(connection)
    return tuple(
        Stuck(kind, heap.count, heap.count >= MOST, heap.oldest_at, *TARGETS[kind])
        for kind, heap in heaps.items()
        if heap.count
    )


async def latency(connection: Connection, now: datetime) -> Latency | None:
    """Of the last hour; None if nothing was accepted in it."""
    seconds, messages = await store.latency(connection, now - timedelta(hours=1))
    if not messages:
        return None
    p50, p99 = seconds
    return Latency(p50, p99, messages)


def paused(troubled: Iterable[Any], unreadable: Mapping[int, str]) -> Iterator[Paused]:
    """Of the rows of store.troubled_connections paused or as good as that, and why."""
    for row in troubled:
        anew = row["revoked_reason"] is not None
        if row["state"] == "paused" or anew or row["gone"] or row["id"] in unreadable:
            reason = unreadable.get(row["id"], row["revoked_reason"] or row["state_reason"])
            yield Paused(row["id"], row["connector"], row["name"], reason, row["updated_at"], anew)


def to_breaker(row: Any) -> Breaker:
    """A row of store.troubled_connections."""
    return Breaker(
        row["id"],
        row["connector"],
        row["name"],
        row["failures"],
        row["open_until"],
        row["breaker_reason"],
    )
