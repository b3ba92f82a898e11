"""Sums and quantities: decimal text here, a number or a text there, as each field wants it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from uzel.errors import Rejected

LARGEST = 10**15


def amount_of(value: Any, what: str, code: str) -> Decimal:
    """A number, or decimal text. Raises Rejected `code`, which names `what` is none."""
    try:
        amount = Decimal(str(value).strip())
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= LARGEST:
        raise Rejected(f"amoCRM: {what} не число", code=code)
    return amount


def rounded(amount: Decimal) -> int:
    """As deals have their price: without kopecks."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def number_of(amount: Decimal) -> int | float:
    """As links have their quantity: a JSON number."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def plain(value: Any) -> str | None:
    """Decimal text without needless zeros: 2, 0.35; None for what is no number."""
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except ArithmeticError:
        return None
