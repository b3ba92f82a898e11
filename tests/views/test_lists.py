"""Lists: every filter means what it says, and pages add up to the whole."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from many_rows import fill
from reading import Reading
from sample_data import CANCELLED_PHONE, DELIVERED_PHONE
from uzel import views
from uzel.views import CallFilter, EventFilter, MessageFilter, Page, RawEventFilter, query_store

List = Callable[..., Awaitable[Page[Any]]]
ROWS = 3000


def ids(reading: Reading, listed: List, wanted: object) -> list[int]:
    return [item.id for item in reading(lambda pool: listed(pool, wanted, None, 200)).items]


@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        (EventFilter(decision="cancel"), ["заказ 104"]),
        (EventFilter(decision="skip", connector="iiko"), ["заказ 107", "заказ 106", "заказ 101"]),
        (EventFilter(reason="phone_landline"), ["заказ 107"]),
        (EventFilter(type="visit.cancelled"), ["заказ 104"]),
        (EventFilter(connection_id=1, reason="duplicate"), ["заказ 101"]),
        (EventFilter(connector="iiko", connection_id=2), []),
        (EventFilter(connector="nothing"), []),
        (EventFilter(phone="8 (999) 000-01-04"), ["заказ 104", "заказ 104"]),
        (EventFilter(phone=CANCELLED_PHONE, decision="cancel"), ["заказ 104"]),
        (EventFilter(phone="not a phone"), []),
        (EventFilter(text="106"), ["заказ 106"]),
        (EventFilter(text=" заказ  106 "), ["заказ 106"]),
        (EventFilter(text="бронь 106"), []),
        (EventFilter(decision="pending"), []),
    ],
)
def test_events_by(sample: Reading, wanted: EventFilter, subjects: list[str]) -> None:
    page = sample(lambda pool: views.list_events(pool, wanted, None, 50))
    assert [event.subject for event in page.items] == subjects
    assert (page.next, page.cut) == (None, False)


def test_events_of_several_connections_of_a_connector(sample: Reading) -> None:
    page = sample(lambda pool: views.list_events(pool, EventFilter(connector="smsru"), None, 50))
    assert [event.type for event in page.items] == ["receipt.updated"]


def test_a_pending_event_is_found(own: Reading) -> None:
    own.execute("update event set decision = 'pending' where id = 1")
    assert ids(own, views.list_events, EventFilter(decision="pending")) == [1]


def test_messages_by(sample: Reading) -> None:
    assert ids(sample, views.list_messages, MessageFilter()) == [5, 4, 3, 2, 1]
    assert ids(sample, views.list_messages, MessageFilter(state="delivered")) == [2]
    assert ids(sample, views.list_messages, MessageFilter(phone=DELIVERED_PHONE)) == [2]
    assert ids(sample, views.list_messages, MessageFilter(connection_id=1)) == []
    assert ids(sample, views.list_messages, MessageFilter(state="failed", connection_id=2)) == [1]


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("planned", [5]),
        ("cancelled", [4]),
        ("unknown", [3]),
        ("accepted", [2]),
        ("rejected", [1]),
        ("sending", []),
        ("not_sent", []),
    ],
)
def test_calls_by_state(sample: Reading, state: str, found: list[int]) -> None:
    assert ids(sample, views.list_calls, CallFilter(state=state)) == found
    assert ids(sample, views.list_calls, CallFilter(state=state, connection_id=2)) == found
    assert ids(sample, views.list_calls, CallFilter(state=state, connection_id=1)) == []


def test_calls_by_operation(sample: Reading) -> None:
    assert len(ids(sample, views.list_calls, CallFilter(operation="send_sms"))) == 5
    assert ids(sample, views.list_calls, CallFilter(operation="balance")) == []


@pytest.mark.parametrize(("state", "found"), [("received", [10]), ("parked", [9])])
def test_raw_events_by_state(sample: Reading, state: str, found: list[int]) -> None:
    assert ids(sample, views.list_raw_events, RawEventFilter(state=state)) == found
    processed = ids(sample, views.list_raw_events, RawEventFilter(state="processed"))
    assert processed == [8, 7, 6, 5, 4, 3, 2, 1]
    of_smsru = RawEventFilter(state="processed", connection_id=2)
    assert ids(sample, views.list_raw_events, of_smsru) == [3]


@pytest.fixture(scope="module")
def many(shared_dsn: str) -> Iterator[Reading]:
    """`ROWS` events, a minute apart."""
    reading = Reading(shared_dsn)
    reading(lambda pool: fill(shared_dsn, ROWS, spacing_s=60))
    yield reading
    reading.close()


def walk(reading: Reading, wanted: EventFilter, limit: int) -> list[int]:
    """The ids of every page, one after the other."""
    found: list[int] = []
    before: int | None = None
    while True:
        page = reading(partial(views.list_events, wanted=wanted, before=before, limit=limit))
        assert len(page.items) <= limit
        assert page.cut == (page.next is not None and len(page.items) < limit)
        found += [event.id for event in page.items]
        if page.next is None:
            return found
        before = page.next


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    limit=st.integers(50, 700),
    window=st.integers(50, 4000),
    type_=st.sampled_from([None, "visit.completed", "receipt.updated", "menu.updated"]),
    decision=st.sampled_from([None, "skip", "request", "cancel"]),
    connector=st.sampled_from([None, "iiko", "smsru"]),
    minutes=st.tuples(st.integers(0, ROWS), st.integers(0, ROWS)),
)
def test_pages_add_up_whatever_the_filter_and_the_window(
    many: Reading,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    window: int,
    type_: str | None,
    decision: str | None,
    connector: str | None,
    minutes: tuple[int, int],
) -> None:
    monkeypatch.setattr(query_store, "WINDOW", window)
    newest = many(lambda pool: pool.fetchval("select max(created_at) from event"))
    since = newest - timedelta(minutes=max(minutes), seconds=30)
    until = newest - timedelta(minutes=min(minutes), seconds=30)
    wanted = EventFilter(
        type=type_, decision=decision, connector=connector, since=since, until=until
    )
    expected = many(
        lambda pool: pool.fetch(
            "select e.id from event e join connection n on n.id = e.connection_id "
            "where ($1::text is null or type = $1) and ($2::text is null or decision = $2) "
            "and ($3::text is null or connector = $3) "
            "and e.created_at >= $4 and e.created_at < $5 order by e.id desc",
            *(type_, decision, connector, since, until),
        )
    )
    assert walk(many, wanted, limit) == [row["id"] for row in expected]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seconds=st.integers(-100_000, 60 * ROWS + 100_000), gaps=st.booleans())
def test_a_time_is_found_by_its_id(many: Reading, seconds: int, gaps: bool) -> None:
    newest = many(lambda pool: pool.fetchval("select max(created_at) from message"))
    at = newest - timedelta(seconds=seconds)
    found = many(lambda pool: query_store.id_at(pool, "message", "created_at", at))
    expected = many(
        lambda pool: pool.fetchval("select min(id) from message where created_at >= $1", at)
    )
    largest = many(lambda pool: pool.fetchval("select max(id) from message"))
    assert found is not None
    assert found == (largest + 1 if expected is None else expected)


def test_a_time_in_an_empty_table(own: Reading) -> None:
    own.execute("truncate early_receipt, message cascade")
    now = datetime.now(UTC)
    assert own(lambda pool: query_store.id_at(pool, "message", "created_at", now)) is None
    assert ids(own, views.list_messages, MessageFilter(since=now, until=now)) == []
