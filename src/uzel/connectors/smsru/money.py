"""SMS.ru's money: a JSON number or its text in roubles, here always kopecks."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

CURRENCY = "RUB"
MOST_DIGITS = 12


def kopecks(value: Any) -> int | None:
    """Roubles (Decimal, int or text such as "0.5") in kopecks; None for what is no amount."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount.adjusted() > MOST_DIGITS:
        return None
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))
