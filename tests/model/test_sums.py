from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.model.sums import Sum, read_sum


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("19.17", "19.17", None),
        ("19,17", "19.17", None),
        ("1 234,50 ₽", "1234.50", "RUB"),
        ("1\u00a0234,50\u202fруб.", "1234.50", "RUB"),
        ("1 234,56 €", "1234.56", "EUR"),
        ("US$18", "18", "USD"),
        ("20,00 £", "20.00", "GBP"),
        ("1,234.56", "1234.56", None),
        ("1.234,56", "1234.56", None),
        ("1.234.567", "1234567", None),
        ("1'234.5", "1234.5", None),
        ("12 000 ₸", "12000", "KZT"),
        ("0.333", "0.333", None),
        ("1 234,567", "1234.567", None),
        ("1234,567", "1234.567", None),
        ("25 usd", "25", "USD"),
        ("  7 ", "7", None),
    ],
)
def test_amounts_as_they_are_written(text: str, amount: str, currency: str | None) -> None:
    assert read_sum(text) == Sum(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1,234", "1.234 ₽", "12 34", "1.23.45", "1,2,3", "-5", "5-6", "1e3", "19.17 за два",
     "1 2345,6", "١٢", "1.234,567,8", "½"],
)  # fmt: skip
def test_what_is_no_amount_or_could_be_two(text: str) -> None:
    assert read_sum(text) is None


@given(
    st.integers(0, 10**12), st.sampled_from(["", ",", "."]), st.sampled_from(["", " ", "\u00a0"])
)
def test_kopecks_survive_every_way_of_writing_them(minor: int, point: str, space: str) -> None:
    whole, rest = divmod(minor, 100)
    shown = f"{whole:,}".replace(",", space) + (f"{point}{rest:02}" if point else "")
    found = read_sum(shown)
    assert found is not None
    assert found.amount == (Decimal(minor) / 100 if point else whole)


@given(st.text(max_size=80))
def test_whatever_comes_is_an_amount_or_none(text: str) -> None:
    found = read_sum(text)
    assert found is None or (found.amount.is_finite() and found.amount >= 0)
