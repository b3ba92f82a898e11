"""What is typed into forms: lengths of time and sums come back as they were, nonsense is said."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.web.console.address_pages import cursor_of, masked, part_of, read_cursor
from uzel.web.console.language import language
from uzel.web.console.typed import (
    DAY_S,
    Typed,
    money_shown,
    readable,
    span_shown,
    span_words,
)

RUSSIAN = language("ru")


def typed(**form: str) -> Typed:
    return Typed(RUSSIAN, form)


@given(st.integers(0, 30 * DAY_S))
def test_a_length_of_time_comes_back_as_it_was(seconds: int) -> None:
    value, unit = span_shown(seconds)
    reading = typed(wait=value, wait_unit=unit)
    assert reading.span("wait", 0, 30 * DAY_S) == seconds
    assert reading.wrong == {}


@given(st.integers(0, 10**12))
def test_a_sum_comes_back_as_it_was(minor: int) -> None:
    assert typed(sum=money_shown(minor)).money("sum", 10**12) == minor


# What a method may give where nothing is wrong; its other arguments.
SOUND: dict[str, tuple[Callable[[Any], object], tuple[int, ...]]] = {
    "span": (lambda value: value is None or 60 <= value <= DAY_S, (60, DAY_S)),
    "money": (lambda value: value is None or 0 <= value <= 500, (500,)),
    "number": (lambda value: value is None or 1 <= value <= 10, (1, 10)),
    "clock": (lambda value: re.fullmatch(r"[0-9]{2}:[0-9]{2}", value), ()),
    "url": (lambda value: value is None or value.startswith(("http://", "https://")), ()),
    "zone": (ZoneInfo, ()),
    "addresses": (lambda value: all(item == readable(item) for item in value), ()),
    "line": (lambda value: 0 < len(value) <= 20 and "\n" not in value, (20,)),
    "lines": (lambda value: all(item == item.strip() != "" for item in value), ()),
}


@pytest.mark.parametrize("name", SOUND)
@given(
    text=st.text(max_size=30) | st.from_regex(r"[0-9:., +a@hx/-]{0,12}", fullmatch=True),
    unit=st.sampled_from(["m", "h", "d", "y", ""]),
)
def test_any_text_is_a_sound_value_or_is_said_to_be_none(name: str, text: str, unit: str) -> None:
    reading = typed(f=text, f_unit=unit)
    sound, limits = SOUND[name]
    found = getattr(reading, name)("f", *limits)
    assert reading.wrong.keys() <= {"f"}
    assert reading.wrong or sound(found)


@pytest.mark.parametrize("text", ["1e5", "1e999999999", "nan", "inf", "0x10", "--1", "1.2.3", "²"])
def test_numbers_are_plain(text: str) -> None:
    reading = typed(f=text)
    assert reading.decimal("f") is None
    assert "f" in reading.wrong


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "сразу"),
        (59, "59 с"),
        (90, "1 мин 30 с"),
        (3600, "1 ч"),
        (DAY_S, "24 ч"),
        (DAY_S + 3600, "1 дн 1 ч"),
        (3 * DAY_S, "3 дн"),
    ],
)
def test_a_length_of_time_in_words(seconds: int, said: str) -> None:
    assert span_words(RUSSIAN, seconds) == said


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        (" 8 (999) 000-00-01 ", "+79990000001"),
        ("'+79990000001", "+79990000001"),
        ("Guest@Example.ORG", "guest@example.org"),
        ("guest@example", None),
        ("a@b@example.org", None),
        ("guest @example.org", None),
        ("имя", None),
        ("", None),
        ("123", None),
        ("+7701 000 00 01", "+77010000001"),
    ],
)
def test_an_address_is_read_as_people_write_it(raw: str, address: str | None) -> None:
    assert readable(raw) == address


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(5000, 1, 1), timezones=st.just(UTC)),
    st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=300),
)
def test_a_cursor_leads_back_to_its_row(at: datetime, address: str) -> None:
    assert read_cursor(cursor_of(at, address)) == (at, address)


def test_what_is_looked_for() -> None:
    assert part_of("  ") is None
    assert part_of("8 999 000-00-01") == "+79990000001"
    assert part_of("00-01") == "0001"
    assert part_of("Example") == "example"
    assert part_of("%") == "%"


def test_addresses_are_masked() -> None:
    assert masked("+79990000105") == "+7999•••0105"
    assert masked("guest@example.org") == "gu•••@example.org"
    assert "secret" not in masked("secret")
