"""The values of a webhook body, each taken for what it is and never for more."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from uzel.errors import PayloadInvalid

LONGEST_TEXT = 200
LONGEST_PHONE = 64
LARGEST_INTEGER = 2**63 - 1  # what 64 bits hold; ids of some providers have 19 digits
LARGEST_TOTAL = 10**12
FINEST_TOTAL = 6  # digits behind the point
YEARS = range(2000, 2100)
# Seconds reach this in the year 5138, milliseconds passed it in 1973.
SMALLEST_IN_MS = 10**11

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# PostgreSQL keeps no NUL and UTF-8 has no lone surrogates; the rest nobody wants in a message.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def read_json(body: bytes) -> Any:
    """The JSON of a body. Fractions are Decimal from their text; a number that no field could mean
    (thousands of digits) is None. Raises PayloadInvalid.
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError as error:
        raise PayloadInvalid(f"the body is not UTF-8: byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise PayloadInvalid(f"the body is not JSON: {error.msg}, character {error.pos}") from error
    except RecursionError as error:
        raise PayloadInvalid("the body is nested too deeply") from error


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _integer(text: str) -> int | None:
    value = int(text) if len(text) <= len(str(-LARGEST_INTEGER)) else None
    return value if value is not None and abs(value) <= LARGEST_INTEGER else None


def _no_constant(name: str) -> None:
    raise PayloadInvalid(f"the body is not JSON: {name} is no number")


def at(value: Any, *path: str) -> Any:
    """What lies at `path` below `value`, or None where an object on the way is missing."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def object_at(value: Any, *path: str) -> Mapping[str, Any] | None:
    """As `at`, where only an object counts."""
    found = at(value, *path)
    return found if isinstance(found, dict) else None


def storable(text: str) -> str:
    """`text` without what cannot be stored."""
    return _UNSTORABLE.sub("", text)


def text_of(value: Any) -> str | None:
    """A text of one line, for people; None where there is none."""
    if not isinstance(value, str):
        return None
    return " ".join(storable(value).split())[:LONGEST_TEXT].rstrip() or None


def label_of(value: Any) -> str | None:
    """A text or a whole number as text: iiko's order numbers are numbers, external ones texts."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else text_of(value)


def id_of(value: Any) -> str | None:
    """An id, None for anything that does not look like one: nothing may be known by `x` or `0`."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def number_of(value: Any) -> str | None:
    """A number that something is known by, as text: a positive integer, or a text of its digits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return text if _NUMBER.fullmatch(text) else None


def phone_of(value: Any) -> str | int | None:
    """A phone as it came, None where there is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return str(value)[:LONGEST_PHONE]
    if isinstance(value, str):
        return storable(value).strip()[:LONGEST_PHONE] or None
    return None


def total_of(value: Any) -> str | None:
    """A sum of money as decimal text, without the dust that binary fractions leave behind."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    total = Decimal(value)
    if not 0 <= total < LARGEST_TOTAL:
        return None
    exponent = total.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -FINEST_TOTAL:
        total = round(total, FINEST_TOTAL).normalize()
    return f"{total:f}"


def utc_of(value: Any) -> datetime | None:
    """`2026-03-14 09:40:07.150`, with a space or a T, without a zone or with one. Without a zone it
    is UTC.
    """
    if not isinstance(value, str) or ":" not in value:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in YEARS else None


def utc_of_epoch(value: Any) -> datetime | None:
    """Milliseconds, as captured traffic has them, or seconds, as the documentation's examples."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    milliseconds = value if abs(value) >= SMALLEST_IN_MS else value * 1000
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
    return moment if moment.year in YEARS else None
