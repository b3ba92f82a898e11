"""The overview: right counts, what is stuck, and a sample where there is too much to count."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from many_rows import fill
from reading import Reading
from uzel import views
from uzel.kit import database
from uzel.views import Overview, metrics_store, overview_store
from uzel.views.overview import Refused, Spend, Volume


def seen(reading: Reading, now: datetime | None = None) -> Overview:
    return reading(lambda pool: views.overview(pool, now))


def test_the_sample_in_one_glance(own: Reading) -> None:
    own.execute("update worker set seen_at = now()")
    # The sample may have been made minutes ago; by now these would be late.
    own.execute("update raw_event set received_at = now() where state = 'received'")
    own.execute("update call set due_at = now() where state = 'planned'")
    overview = seen(own)
    assert overview.exact and len(overview.hours) == 24
    assert total(overview) == Volume(received=10, asked=5, accepted=1, delivered=1, failed=1)
    assert overview.refused == (Refused("iiko", "key", 2),)
    assert [(paused.name, paused.reason) for paused in overview.paused] == [
        ("spare", "ключ не принят")
    ]
    assert overview.workers == 1
    assert overview.queue["events"] > 0
    assert overview.latency is not None and overview.latency.messages == 1
    assert 0 < overview.latency.p50_s <= overview.latency.p99_s
    assert {(s.kind, s.target, s.state): s.count for s in overview.stuck} == {
        ("parked", "raw_events", "parked"): 1,
        ("unknown_calls", "calls", "unknown"): 1,
    }


def total(overview: Overview) -> Volume:
    hours = [hour.volume for hour in overview.hours]
    return Volume(
        *(sum(getattr(hour, name) for hour in hours) for name in Volume.__dataclass_fields__)
    )


def test_what_waits_too_long_is_stuck(own: Reading) -> None:
    own.execute("update raw_event set received_at = now() - interval '11 s' where id = 10")
    own.execute("update call set due_at = now() - interval '61 s' where state = 'planned'")
    own.execute("update event set decision = 'pending' where id = 1")
    counts = {item.kind: (item.count, item.more) for item in seen(own).stuck}
    assert counts == dict.fromkeys(
        ("parked", "unprocessed", "undecided", "unknown_calls", "overdue_calls"), (1, False)
    )


def test_the_oldest_is_the_oldest(own: Reading) -> None:
    own.execute("update call set state = 'unknown', started_at = $1 where id = 1", long_ago())
    (stuck,) = [item for item in seen(own).stuck if item.kind == "unknown_calls"]
    assert (stuck.count, stuck.oldest_at) == (2, long_ago())


def long_ago() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_a_breaker_shows_while_it_is_open(own: Reading) -> None:
    own.execute("update call_breaker set failures = 6, open_until = now() + interval '1 minute'")
    assert {breaker.failures for breaker in seen(own).breakers} == {6}
    own.execute("update call_breaker set open_until = now() - interval '1 s'")
    assert seen(own).breakers == ()


def test_a_worker_that_is_silent_is_not_alive(own: Reading) -> None:
    own.execute("update worker set seen_at = now() - interval '11 s'")
    assert seen(own).workers == 0


@pytest.mark.parametrize("zone", ["Asia/Almaty", "Asia/Kolkata", "UTC"])
def test_days_and_hours_are_local(own: Reading, zone: str) -> None:
    own.execute("update business set time_zone = $1", zone)
    overview = seen(own)
    assert overview.time_zone == zone
    assert total(overview).received == 10


def test_today_begins_at_local_midnight(own: Reading) -> None:
    own.execute("update business set time_zone = 'Asia/Almaty'")  # UTC+5
    midnight = datetime(2026, 11, 19, 19, tzinfo=UTC)
    for table, column in (("raw_event", "received_at"), ("event", "created_at")):
        own.execute(f"update {table} set {column} = $1", midnight - timedelta(minutes=1))
        own.execute(f"update {table} set {column} = $1 where id >= 9", midnight)
    own.execute(
        "update message set created_at = $1, accepted_at = $1, settled_at = null, "
        "cost_minor = id * 100, currency = case when id = 5 then 'KZT' else 'RUB' end",
        midnight,
    )
    own.execute("update message set accepted_at = $1 where id = 1", midnight - timedelta(seconds=1))
    overview = seen(own, midnight + timedelta(minutes=5))
    assert overview.today.received == 2
    assert overview.today.accepted == 4
    assert overview.spend == (Spend("KZT", 500), Spend("RUB", 900))
    yesterday, today = overview.hours[-2:]
    assert (yesterday.volume.received, today.volume.received) == (8, 2)
    assert today.starts_at == midnight


def test_an_empty_installation(dsn: str) -> None:
    reading = Reading(dsn)
    overview = seen(reading)
    reading.close()
    assert total(overview) == overview.today == Volume()
    assert (overview.stuck, overview.latency, overview.spend) == ((), None, ())


@pytest.fixture(scope="module")
def many(shared_dsn: str) -> Iterator[Reading]:
    """A day of 40,000 events: more than are counted one by one."""
    reading = Reading(shared_dsn)
    reading(lambda pool: fill(shared_dsn, 40_000, spacing_s=2))
    yield reading
    reading.close()


def test_more_than_can_be_counted_is_estimated_well(many: Reading) -> None:
    overview = seen(many)
    assert not overview.exact
    true = many(
        lambda pool: pool.fetchval(
            "select count(*) from raw_event where received_at >= $1", overview.hours[0].starts_at
        )
    )
    assert true > overview_store.COUNTED
    assert total(overview).received == pytest.approx(true, rel=0.05)
    assert total(overview).accepted == pytest.approx(true / 3, rel=0.1)
    _, *full, _ = [hour.volume.received for hour in overview.hours if hour.volume.received]
    assert min(full) > 0.8 * 1800 and max(full) < 1.2 * 1800


def test_monitoring_estimates_large_tables(many: Reading) -> None:
    figures = many(metrics_store.figures)
    for name, table, column in (("events", "event", "decision"), ("calls", "call", "state")):
        query = f"select {column}, count(*) from {table} group by 1"
        for value, count in many(partial(database.Pool.fetch, query=query)):
            if count > 1000:
                assert figures.rows[name][value] == pytest.approx(count, rel=0.1)
    assert figures.stuck["parked"].count == 8
