"""What messages cost: told, estimated or unknown; on the day they left; the budget of today."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reading import Reading
from uzel.views import costs_store
from uzel.views.costs import CostFilter, Costs, budget, costs

ZONE = "Europe/Moscow"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
WEEK = CostFilter(NOW - timedelta(days=7), NOW + timedelta(days=1))
SPENT = """
insert into message (business_id, connection_id, purpose, origin, channel, phone, address, body,
                     encoding, segments, state, state_reason, cost_minor, estimate_minor, currency,
                     created_at, accepted_at, place_id)
select 1, $1, 'test', 'o' || gen_random_uuid(), $2, '+79990000000', '+79990000000', 'x', 'gsm', $3,
       $4, $5, $6, $7, 'RUB', $8, $9, $10
"""


@pytest.fixture
def books(own: Reading) -> Reading:
    """The sample without its messages."""
    own.execute("truncate message restart identity")
    return own


def wrote(
    reading: Reading,
    *,
    told: int | None = None,
    estimate: int | None = None,
    state: str = "delivered",
    reason: str | None = None,
    via: int = 2,
    channel: str = "sms",
    at: datetime = NOW,
    left: datetime | None = NOW,
    place: int | None = 1,
    parts: int = 2,
) -> None:
    """One message."""
    reading.execute(SPENT, via, channel, parts, state, reason, told, estimate, at, left, place)


def seen(reading: Reading, wanted: CostFilter = WEEK, *, each: bool = False) -> Costs:
    return reading(lambda pool: costs(pool, 1, ZONE, wanted, each=each))


def test_what_was_told_and_what_was_estimated_are_kept_apart(books: Reading) -> None:
    wrote(books, told=399, estimate=500)
    wrote(books, estimate=410)
    wrote(books)
    wrote(books, state="failed", estimate=410)
    wrote(books, state="failed", told=100)
    wrote(books, state="unknown", estimate=7, left=None)
    wrote(books, state="planned", estimate=410, left=None)
    wrote(books, state="cancelled", estimate=410, left=None)
    total = seen(books).total
    assert (total.messages, total.segments, total.unpriced) == (6, 12, 1)
    assert total.told == {"RUB": 499} and total.estimated == {"RUB": 417}
    assert total.sums() == {"RUB": 916}


def test_a_message_counts_on_the_day_it_left_in_the_business_s_own_zone(books: Reading) -> None:
    wrote(books, told=1, at=NOW - timedelta(days=10), left=NOW - timedelta(days=1))
    wrote(books, told=2, left=datetime(2026, 11, 20, 20, 59, tzinfo=UTC))
    wrote(books, told=4, left=datetime(2026, 11, 20, 21, 1, tzinfo=UTC))
    by_day = seen(books).by(lambda row: row.day)
    assert {day: cost.told["RUB"] for day, cost in by_day.items()} == {
        date(2026, 11, 19): 1,
        date(2026, 11, 20): 2,
        date(2026, 11, 21): 4,
    }
    early = CostFilter(NOW - timedelta(days=10), NOW - timedelta(days=5))
    assert seen(books, early).total.messages == 0


def test_by_channel_connection_and_place_and_narrowed_to_them(books: Reading) -> None:
    wrote(books, told=1)
    wrote(books, told=2, channel="email", parts=1, place=None)
    wrote(books, told=4, via=3, place=2)
    found = seen(books)
    assert {k: c.told["RUB"] for k, c in found.by(lambda r: r.channel).items()} == {
        "sms": 5,
        "email": 2,
    }
    assert {k: c.messages for k, c in found.by(lambda r: r.connection_id).items()} == {2: 2, 3: 1}
    assert {k: c.told["RUB"] for k, c in found.by(lambda r: r.place_id).items()} == {
        1: 1,
        None: 2,
        2: 4,
    }
    for narrowed, cost in (
        (CostFilter(WEEK.since, WEEK.until, channel="email"), 2),
        (CostFilter(WEEK.since, WEEK.until, connection_id=3), 4),
        (CostFilter(WEEK.since, WEEK.until, place_id=1), 1),
    ):
        assert seen(books, narrowed).total.told == {"RUB": cost}


def test_of_many_messages_a_sample_is_scaled_up_but_the_file_is_exact(
    books: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(300):
        wrote(books, told=10)
    monkeypatch.setattr(costs_store, "COUNTED", 100)
    monkeypatch.setattr("uzel.views.funnel_store.SAMPLED", 100)
    rough = seen(books)
    assert not rough.exact and rough.total.told["RUB"] == pytest.approx(3000, rel=0.1)
    exact = seen(books, each=True)
    assert exact.exact and exact.total.told == {"RUB": 3000}


def test_what_is_left_of_today_s_budget_and_what_waits_for_tomorrow(books: Reading) -> None:
    today = NOW.astimezone(ZoneInfo(ZONE)).date()
    bare = books(lambda pool: budget(pool, 1, today))
    assert (bare.left_minor, bare.left_messages, bare.held) == (None, None, 0)
    books.execute(
        "update business set rules = rules || "
        '\'{"budget_day_minor": 5000, "messages_per_day": 10, "currency": "KZT"}\''
    )
    books.execute("insert into budget_day values (1, $1, 4100, 12)", today)
    wrote(books, state="planned", reason="budget_spent", left=None)
    wrote(books, state="planned", reason="quiet_hours", left=None)
    found = books(lambda pool: budget(pool, 1, today))
    assert (found.left_minor, found.left_messages, found.currency) == (900, 0, "KZT")
    assert found.held == 1
