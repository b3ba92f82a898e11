"""Reading numbers and moments as amoCRM takes them."""

from datetime import UTC, datetime
from typing import Any


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether this is a number, or the text of one."""
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def whole(text: Any, default: int, *, least: int = 1) -> int:
    """A whole number of a query, `default` where it is none or too small."""
    try:
        found = int(text)
    except (TypeError, ValueError):
        return default
    return found if found >= least else default


def digits(text: str) -> str:
    return "".join(it for it in text if it.isdigit())


def now_s() -> int:
    return seconds(datetime.now(UTC))


def seconds(at: datetime) -> int:
    return int(at.timestamp())
