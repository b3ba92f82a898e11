"""Rates as they go out."""

from decimal import Decimal

import pytest

from uzel.model.currency import plain
from uzel.partners.exchange import multiplier
from uzel.partners.shown import rate_shown
from uzel.rates.pair import Rate


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (Rate("USD", "RUB", Decimal("0.011"), divides=True), "90.90909091"),
        (Rate("UZS", "USD", Decimal(3_000_000), divides=True), "0.0000003333333333"),
        (Rate("USD", "RUB", Decimal("80"), divides=True), "0.0125"),
        (Rate("USD", "RUB", Decimal("98.765432109876")), "98.765432109876"),
        (Rate("USD", "RUB", Decimal("90.00")), "90"),
    ],
)
def test_a_quotient_without_end_is_shown_short(rate: Rate, shown: str) -> None:
    assert plain(rate_shown(multiplier(rate))) == shown
