"""Which phones are the same: `+7` and `8` are one, and digits that merely occur are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.amocrm.phones import numbers_in

NATIONAL = st.from_regex(r"[79][0-9]{9}", fullmatch=True)
# What people write before a national number in a card; nothing, too.
BEFORE = ("+7", "8", "7", "", "007", "8107", "+8", "моб. +7", "8 701 000-00-00, +7")


@given(national=NATIONAL, separator=st.sampled_from(["", " ", "-", ".", "\N{NO-BREAK SPACE}"]))
def test_one_number_in_all_its_spellings(national: str, separator: str) -> None:
    parts = separator.join((national[:3], national[3:6], national[6:8], national[8:]))
    for before in BEFORE:
        value = f"{before}{separator}{parts}" if before else parts
        assert f"7{national}" in numbers_in(value), value


@given(national=NATIONAL, before=st.integers(1, 6), after=st.integers(0, 9))
def test_digits_that_merely_occur_in_others_are_no_hit(
    national: str, before: int, after: int
) -> None:
    wanted = f"7{national}"
    longer = f"+7{national}{after}", f"+{before}{wanted}", f"{before}{national}"
    for value in (*longer, f"заказ {before}{before}{before}{national}", national[1:]):
        assert wanted not in numbers_in(value), value


@given(national=NATIONAL, code=st.sampled_from(["1", "44", "90", "374", "992", "996", "998"]))
def test_the_same_last_ten_digits_in_another_country_are_another_number(
    national: str, code: str
) -> None:
    abroad = f"{code}{national}"
    assert f"7{national}" not in numbers_in(f"+{abroad}")
    assert abroad in numbers_in(f"+{abroad}")
    assert abroad in numbers_in(f"8 10 {abroad}")
    assert abroad not in numbers_in(f"+7{national}")


@given(first=NATIONAL, second=NATIONAL)
def test_different_numbers_stay_different(first: str, second: str) -> None:
    found = numbers_in(f"+7{first}") & numbers_in(f"8{second}")
    assert bool(found) == (first == second)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (77071234567, {"77071234567"}),
        ("8 (707) 123-45-67 доб. 12", {"77071234567"}),
        ("", set()),
        (None, set()),
        (True, set()),
        ({"value": "+77071234567"}, set()),
        ("+7", set()),
        ("1" * 30, set()),
    ],
)
def test_what_else_stands_in_the_field(value: object, found: set[str]) -> None:
    assert numbers_in(value) == found
