"""What is said of a lead: the words for it, and what of it is kept."""

import re
from typing import Any

from uzel.model.currency import EXPONENTS
from uzel.model.sums import SIGNS

# What robots and people say; the CRM's own word for a success is the second.
GOOD, BAD = ("успешно", "выполнено"), ("ошибка!", "ошибка")
CARD = re.compile(r"(?:[0-9][ -]?){13,19}")


def masked(value: Any) -> Any:
    """Whole numbers of cards are kept nowhere: the first six and the last four digits are enough to
    tell cards apart.
    """
    return CARD.sub(shortened, value) if isinstance(value, str) else value


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
