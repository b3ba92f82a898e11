"""Amounts by a rate: exact both ways round, and nobody gains by going there and back."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.model.currency import NotAnAmount, Rounding, decimal, exponent, minor
from uzel.rates.pair import (
    Pair,
    Rate,
    RateRefused,
    checked_value,
    convert,
    move,
    of_one,
    pair_of,
    value_of,
)

# Values of up to ten places, from a Vietnamese dong to more than any coin is worth.
values = st.builds(
    lambda whole, places: Decimal(whole).scaleb(-places), st.integers(1, 10**15), st.integers(3, 10)
)
currencies = st.sampled_from(["USD", "RUB", "KZT", "JPY", "KWD", "CLF"])
amounts = st.integers(0, 10**12)


def both_ways(base: str, quote: str, value: Decimal) -> tuple[Rate, Rate]:
    return Rate(base, quote, value), Rate(quote, base, value, divides=True)


@given(amounts, values, currencies, currencies, st.booleans())
def test_what_is_rounded_later_is_what_fractions_say(
    amount: int, value: Decimal, base: str, quote: str, back: bool
) -> None:
    rate = both_ways(base, quote, value)[back]
    whole = Fraction(decimal(amount, rate.base))
    exact = whole / Fraction(value) if back else whole * Fraction(value)
    scaled = exact * 10 ** exponent(rate.quote)
    if scaled > 2**63 - 1:
        return
    converted = convert(decimal(amount, rate.base), rate)
    assert minor(converted, rate.quote, Rounding.DOWN) == floor(scaled)
    assert minor(converted, rate.quote, Rounding.UP) == ceil(scaled)


@given(st.integers(1, 10**9), values, currencies, currencies, st.booleans())
def test_there_and_back_never_gains(
    amount: int, value: Decimal, base: str, quote: str, back: bool
) -> None:
    there, home = both_ways(base, quote, value)[:: -1 if back else 1]
    try:
        got = minor(convert(decimal(amount, there.base), there), there.quote, Rounding.DOWN)
    except ValueError:  # more than a column holds
        return
    again = minor(convert(decimal(got, home.base), home), home.quote, Rounding.DOWN)
    assert again <= amount


@given(st.integers(1, 10**9), st.integers(1, 10**9), values, st.booleans())
def test_a_payment_in_two_parts_never_costs_less(
    one: int, other: int, value: Decimal, back: bool
) -> None:
    rate = both_ways("USD", "RUB", value)[back]

    def cost(amount: int) -> int:
        return minor(convert(decimal(amount, rate.base), rate), rate.quote, Rounding.UP)

    if Fraction(one + other) * max(Fraction(value), 1 / Fraction(value)) > 2**60:
        return
    assert cost(one) + cost(other) >= cost(one + other)


def test_a_context_that_somebody_spoilt_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 5
        there = convert(Decimal("123456.78"), Rate("USD", "RUB", Decimal("92.4130123456")))
        back = convert(Decimal("1"), Rate("RUB", "USD", Decimal(3), divides=True))
    assert there == Decimal("11409012.934288023168")
    assert str(back).startswith("0.33333333333333333333333333333")


def test_what_is_cut_off_is_not_forgotten() -> None:
    barely_more = Decimal(f"3.{'0' * 98}1")
    third = convert(barely_more, Rate("RUB", "USD", Decimal(3), divides=True))
    assert minor(third, "USD", Rounding.UP) == 101
    assert minor(third, "USD", Rounding.DOWN) == 100
    with pytest.raises(NotAnAmount):
        minor(third, "USD")


def test_a_tenth_of_a_billionth_counts() -> None:
    near = Rate("USD", "RUB", Decimal("92.0000000001"))
    assert convert(Decimal(10**8), near) == Decimal("9200000000.01")


@pytest.mark.parametrize(
    ("value", "nominal", "expected"),
    [
        ("72.3308", 10000, "0.00723308"),
        ("18.0312", 100, "0.180312"),
        ("92.4130", 1, "92.4130"),
        ("1.8512", 1_000_000, "0.0000018512"),
    ],
)
def test_a_nominal_is_divided_out_exactly(value: str, nominal: int, expected: str) -> None:
    assert of_one(Decimal(value), nominal) == Decimal(expected)


@pytest.mark.parametrize("nominal", [3, 7, 0])
def test_a_nominal_that_leaves_no_decimal_is_refused(nominal: int) -> None:
    with pytest.raises(RateRefused):
        of_one(Decimal("100"), nominal)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("USD/RUB", "USD/RUB"),
        (" usd_rub ", "USD/RUB"),
        ("KZTRUB", "KZT/RUB"),
        ("eur-kzt", "EUR/KZT"),
    ],
)
def test_pairs_are_written_in_several_ways(text: str, pair: str) -> None:
    assert str(pair_of(text)) == pair


@pytest.mark.parametrize(
    "text", ["USD", "USD/RUB/EUR", "USD/USD", "ABC/RUB", "US/RUB", "USD/XDR", ""]
)
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(RateRefused):
        pair_of(text)


@pytest.mark.parametrize("text", ["92,413", "92.413", " 92.413 "])
def test_a_value_may_have_a_comma(text: str) -> None:
    assert value_of(text) == Decimal("92.413")


@pytest.mark.parametrize("text", ["0", "-1", "", "1e3", "NaN", "Infinity", "1 000", "0.0", "٩"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(RateRefused):
        value_of(text)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-1", "0", "1e12", "1e-21", "1e-13"])
def test_values_have_bounds(value: str) -> None:
    with pytest.raises(RateRefused):
        checked_value(Decimal(value))


def test_a_move_is_counted_from_the_old_rate_either_way_round() -> None:
    old = Rate("USD", "RUB", Decimal(100))
    assert move(old, Pair("USD", "RUB"), Decimal(95)) == Decimal("0.05")
    assert move(old, Pair("USD", "RUB"), Decimal(105)) == Decimal("0.05")
    assert move(old, Pair("RUB", "USD"), Decimal("0.01")) == 0
    assert move(old, Pair("RUB", "USD"), Decimal("0.005")) == 1
