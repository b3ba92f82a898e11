"""What a request asks for, understood or refused; the same request in other words is the same."""

import hashlib
import re
from decimal import Decimal
from typing import Any

import orjson

from uzel.kit.body import storable
from uzel.model.currency import plain

NUMBER = re.compile(r"\s*\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?\s*", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}")
LONGEST_NUMBER = 64
# More than any currency has, and less than makes trouble anywhere.
LARGEST, SMALLEST, MOST_DIGITS = Decimal("1e18"), Decimal("1e-18"), 38
LONGEST_KEY = 255
LONGEST_DETAILS = 2000


def amount_of(value: Any) -> Decimal | None:
    """An amount above zero: text such as `10`, `10.5`, `1e3`, or a JSON number; else None."""
    if isinstance(value, str):
        if len(value) > LONGEST_NUMBER or not NUMBER.fullmatch(value):
            return None
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    if not amount.is_finite() or len(amount.as_tuple().digits) > MOST_DIGITS:
        return None
    return amount if SMALLEST <= amount < LARGEST else None


def currency_of(value: Any) -> str | None:
    """Three letters, in any case."""
    found = value.strip().upper() if isinstance(value, str) and len(value) < 16 else ""
    return found if CURRENCY.fullmatch(found) else None


def details_of(value: Any) -> str | None:
    """A text, or a number as one; None where there is none. What cannot be stored is left out."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    return storable(value).strip()[:LONGEST_DETAILS] or None


def number_of(value: Any) -> str | None:
    """A number of the partner's own: text, or a whole number. Raises ValueError."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > LONGEST_KEY or not value.isprintable():
        raise ValueError
    return value.strip() or None


def is_key(value: str) -> bool:
    """Whether a header is an Idempotency-Key."""
    return 0 < len(value) <= LONGEST_KEY and value.isascii() and value.isprintable()


def number(amount: Decimal) -> orjson.Fragment:
    """An amount as a JSON number, exact."""
    return orjson.Fragment(plain(amount).encode())


def fingerprint(address: str, amount: Decimal, *parts: str | None) -> bytes:
    """Of a request as it was understood."""
    return hashlib.sha256(orjson.dumps([address, plain(amount), *parts])).digest()
