"""Days an address asks for: named, chosen, senseless; whole days of the business's calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.web.console.period import LONGEST_DAYS, Period, asked_for, query_of

MOSCOW = ZoneInfo("Europe/Moscow")
TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("query", "name", "first", "last"),
    [
        ({}, "30d", date(2026, 10, 22), TODAY),
        ({"period": "7d"}, "7d", date(2026, 11, 14), TODAY),
        ({"period": "x"}, "30d", date(2026, 10, 22), TODAY),
        ({"from": "2026-11-01", "to": "2026-11-05"}, "", date(2026, 11, 1), date(2026, 11, 5)),
        ({"from": "2026-11-14", "to": "2026-11-20"}, "7d", date(2026, 11, 14), TODAY),
        ({"from": "2026-11-18"}, "", date(2026, 11, 18), TODAY),
        ({"to": "2026-11-05"}, "", date(2026, 11, 5), date(2026, 11, 5)),
        ({"from": "2026-11-09", "to": "2026-11-05"}, "", date(2026, 11, 5), date(2026, 11, 5)),
        ({"to": "2030-01-01", "from": "2026-11-19"}, "", date(2026, 11, 19), TODAY),
        ({"from": "1990-01-01"}, "", TODAY - timedelta(days=LONGEST_DAYS - 1), TODAY),
        ({"period": "7d", "from": "2026-01-01"}, "7d", date(2026, 11, 14), TODAY),
    ],
)
def test_an_address_means_these_days(
    query: dict[str, str], name: str, first: date, last: date
) -> None:
    found = asked_for(query, MOSCOW, TODAY, "30d")
    assert (found.name, found.first, found.last) == (name, first, last)


def test_days_are_whole_and_those_of_the_zone() -> None:
    period = Period("", date(2026, 11, 1), date(2026, 11, 2), MOSCOW)
    assert period.since == datetime(2026, 10, 31, 21, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 2, 21, tzinfo=UTC)
    assert len(period.days) == 2
    assert period.in_lists == {"since": "2026-11-01T00:00", "until": "2026-11-03T00:00"}


@given(st.dictionaries(st.sampled_from(["period", "from", "to"]), st.text(max_size=12)))
def test_any_address_means_some_days(query: dict[str, str]) -> None:
    found = asked_for(query, MOSCOW, TODAY, "30d")
    assert found.first <= found.last <= TODAY
    assert 1 <= len(found.days) <= LONGEST_DAYS


@given(st.dates(date(2000, 1, 1), TODAY), st.integers(0, LONGEST_DAYS - 1))
def test_the_address_of_a_period_means_that_period(last: date, length: int) -> None:
    given_days = {"from": str(last - timedelta(days=length)), "to": str(last)}
    found = asked_for(given_days, MOSCOW, TODAY, "30d")
    assert asked_for(found.values, MOSCOW, TODAY, "30d") == found


def test_an_address_leaves_out_what_is_empty() -> None:
    assert query_of({"period": "7d"}, {"place": None, "which": "", "stars": 5}) == (
        "period=7d&stars=5"
    )
