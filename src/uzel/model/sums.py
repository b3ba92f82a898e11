"""Amounts as people and robots write them: `19.17`, `19,17`, `1 234,50 ₽`, `US$18`."""

import re
from dataclasses import dataclass
from decimal import Decimal

SIGNS = {
    "₽": "RUB", "руб": "RUB", "р": "RUB", "₸": "KZT", "тг": "KZT", "тенге": "KZT", "$": "USD",
    "us$": "USD", "€": "EUR", "£": "GBP", "₺": "TRY", "tl": "TRY",
}  # fmt: skip
LONGEST = 64
NUMBER = re.compile(r"[0-9](?:[0-9.,'’\s]*[0-9])?")
CODE = re.compile(r"[a-z]{3}")
# Thousands, parted by one and the same sign.
GROUPED = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*")


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount above or equal to zero; `currency` where a sign or code beside it says so."""

    amount: Decimal
    currency: str | None = None


def read_sum(text: str) -> Sum | None:
    """What is written; None where that is no amount, or could be two: `1,234` is a thousand to some
    and a little more than one to others.
    """
    text = text.strip().lower()
    found = NUMBER.search(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    beside = "".join((text[: found.start()] + text[found.end() :]).split()).strip(".")
    if beside and beside not in SIGNS and not CODE.fullmatch(beside):
        return None
    amount = read_number(found[0])
    if amount is None:
        return None
    return Sum(amount, SIGNS.get(beside) or beside.upper() or None)


def read_number(text: str) -> Decimal | None:
    """Digits with signs between them. Of points and commas the last one parts whole and fraction,
    unless it comes more than once; all else parts thousands.
    """
    text = " ".join(text.split()).replace("’", "'")
    last = max(text.rfind("."), text.rfind(","))
    if last < 0 or text.count(text[last]) > 1:
        return whole_of(text)
    before, after = text[:last], text[last + 1 :]
    if len(after) == 3 and before.isdigit() and len(before) <= 3 and before != "0":
        return None
    whole = whole_of(before)
    return Decimal(f"{whole}.{after}") if whole is not None and after.isdigit() else None


def whole_of(text: str) -> Decimal | None:
    """A whole number, thousands parted or not."""
    if text.isdigit() or GROUPED.fullmatch(text):
        return Decimal("".join(sign for sign in text if sign.isdigit()))
    return None
