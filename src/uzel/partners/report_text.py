"""What is said of a lead: the words for it, and what of it is kept."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from uzel.kit.body import storable
from uzel.model.currency import EXPONENTS
from uzel.model.sums import SIGNS

# What robots and people say; the CRM's own word for a success is the second.
GOOD, BAD = ("успешно", "выполнено"), ("ошибка!", "ошибка")
CARD = re.compile(r"[0-9](?:[ .\-\u00a0]?[0-9]){12,18}")
LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS = 255, 2000, 100


def masked(value: Any) -> Any:
    """Whole numbers of cards are kept nowhere: the first six and the last four digits are enough to
    tell cards apart.
    """
    return CARD.sub(shortened, value) if isinstance(value, str) else value


def as_kept(fields: Mapping[str, Any]) -> dict[str, str | None]:
    """All that was sent, as texts without whole numbers of cards; what has parts, as JSON."""
    found: dict[str, str | None] = {}
    for name, value in list(fields.items())[:MOST_FIELDS]:
        is_plain = value is None or isinstance(value, str | int | Decimal)
        text = value if is_plain else json.dumps(value, default=str, ensure_ascii=False)
        short = None if text is None else masked(storable(str(text)))[:LONGEST_VALUE]
        found[masked(storable(name))[:LONGEST_NAME]] = short
    return found


def shortened(found: re.Match[str]) -> str:
    digits = "".join(sign for sign in found[0] if sign.isdigit())
    if not is_card(digits):
        return found[0]
    return f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"


def is_card(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812)."""
    doubled = [int(sign) * (1 + place % 2) for place, sign in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def currency_of(text: str | None) -> str | None:
    """A code in any case, or a sign."""
    if text is None:
        return None
    code = SIGNS.get(text.lower().strip("."), text.upper())
    return code if code in EXPONENTS else None
