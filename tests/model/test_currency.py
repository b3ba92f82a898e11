"""Amounts: exact inside, rounded in one place, read and written without a float."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.model.currency import (
    EXPONENTS,
    FOUR_DIGITS,
    MOST_MINOR,
    NO_MINOR,
    THREE_DIGITS,
    TWO_DIGITS,
    NotAnAmount,
    Rounding,
    decimal,
    exponent,
    minor,
    text,
)

currencies = st.sampled_from(sorted(EXPONENTS))
minors = st.integers(-MOST_MINOR, MOST_MINOR)


def test_no_currency_has_two_exponents() -> None:
    groups = (NO_MINOR, TWO_DIGITS, THREE_DIGITS, FOUR_DIGITS)
    assert sum(map(len, groups)) == len(EXPONENTS)
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)


@pytest.mark.parametrize(
    ("currency", "places"),
    [("RUB", 2), ("KZT", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2)],
)
def test_places_are_those_of_the_standard(currency: str, places: int) -> None:
    assert exponent(currency) == places
    assert text(1, currency) == format(Decimal(1).scaleb(-places), "f")


@given(minors, currencies)
def test_an_amount_survives_the_way_out_and_in(amount: int, currency: str) -> None:
    assert minor(Decimal(text(amount, currency)), currency) == amount
    assert minor(decimal(amount, currency), currency) == amount


@given(st.decimals(-(10**14), 10**14, allow_nan=False), currencies)
def test_up_and_down_are_neighbours_of_the_amount(amount: Decimal, currency: str) -> None:
    up, down = minor(amount, currency, Rounding.UP), minor(amount, currency, Rounding.DOWN)
    assert decimal(down, currency) <= amount <= decimal(up, currency)
    assert up - down in (0, 1)
    assert (up == down) == (decimal(up, currency) == amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("10.555", "RUB"),
        ("0.1", "JPY"),
        ("NaN", "RUB"),
        ("-Infinity", "RUB"),
        ("1e19", "RUB"),
        ("-92233720368547758.09", "RUB"),
        ("1e1000000", "RUB"),
        ("0." + "9" * 101, "RUB"),
        ("0." + "9" * 70, "RUB"),
        ("1", "ZZZ"),
        ("1", "rub"),
        ("1", ""),
    ],
)
def test_what_is_no_amount_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(NotAnAmount):
        minor(Decimal(amount), currency)


def test_the_smallest_crumb_is_a_whole_unit_upwards() -> None:
    crumb = Decimal("1e-1000000")
    assert minor(crumb, "RUB", Rounding.UP) == 1
    assert minor(-crumb, "RUB", Rounding.UP) == 0
    assert minor(crumb, "RUB", Rounding.DOWN) == 0
    assert minor(-crumb, "RUB", Rounding.DOWN) == -1
