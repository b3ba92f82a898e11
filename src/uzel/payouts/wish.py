"""From what somebody typed, or a program sent, to a payout that can be taken in."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from uzel.payouts.banks import Bank, Directory
from uzel.payouts.payout import Card, Payee, Wish
from uzel.payouts.requisites import CardNumber, read_amount, read_card, read_sbp_phone

CURRENCY = "RUB"
LONGEST_PURPOSE = 200
LONGEST_NAME = 60
LONGEST_NUMBER = 100
# What numbers of the payouts of claims begin with: nobody else's may stand in their way.
OF_CLAIMS = "claim:"
# What separates a name's parts, and what no name of a person holds.
SPACES = re.compile(r"\s+")
NOT_IN_NAMES = re.compile(r"[\d<>\"{}\\|@#$%^*=+/;:!?_]|[^\W\d_]*\d")


class WishRejected(ValueError):
    """`field` of what was asked for, and `reason`, a code: one of requisites or banks, or
    `missing`, `too_long`, `characters`, `both_ways`, `currency`, `reserved` (for claims),
    `card_number` (one stands where none belongs).
    """

    def __init__(self, field: str, reason: str, *candidates: Bank) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.candidates = candidates


@dataclass(frozen=True, slots=True)
class Typed:
    """As it came. Either `card`, or `phone` with `bank` (a name or the directory's number).

    name      last and first name, and the patronymic, in this order
    names     the same, parted already: it counts in place of `name`
    is_named  whether they are a person's; if not, whoever has the card or phone is one person
    """

    amount: Any
    name: Any
    purpose: Any
    currency: Any = CURRENCY
    card: Any = field(default=None, repr=False)
    phone: Any = None
    bank: Any = None
    external_id: Any = None
    details: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, str, str | None] | None = None
    is_named: bool = True


def read(typed: Typed, connection_id: int, directory: Directory, key: bytes, made_by: str) -> Wish:
    """A payout to take in. Raises WishRejected for the first thing that is wrong."""
    if typed.currency != CURRENCY:
        raise WishRejected("currency", "currency")
    amount_minor = told("amount", lambda: read_amount(typed.amount))
    names = typed.names or names_of(typed.name)
    purpose = line("purpose", typed.purpose, LONGEST_PURPOSE)
    external_id = None
    if typed.external_id is not None:
        external_id = line("external_id", typed.external_id, LONGEST_NUMBER)
        if external_id.casefold().startswith(OF_CLAIMS):
            raise WishRejected("external_id", "reserved")
    number, phone, bank = requisites(typed.card, typed.phone, typed.bank, directory)
    known_by = number.fingerprint(key) if number else phone_print(key, phone or "")
    person = person_print(key, known_by, names if typed.is_named else ())
    return Wish(
        connection_id, Payee(person, names[1], names[0], names[2], phone), amount_minor, CURRENCY,
        purpose, made_by, known_by, external_id, phone,
        bank.member_id if bank else None, bank.name if bank else None,
        Card(number.masked, known_by) if number else None,
        number.reveal() if number else None, details=dict(typed.details),
    )  # fmt: skip


def requisites(
    card: Any, phone: Any, bank: Any, directory: Directory
) -> tuple[CardNumber | None, str | None, Bank | None]:
    """(the card) or (the phone, its bank). Raises WishRejected."""
    if card is not None and (phone is not None or bank is not None):
        raise WishRejected("card", "both_ways")
    if card is not None:
        return told("card", lambda: read_card(card)), None, None
    number = told("phone", lambda: read_sbp_phone(phone))
    return None, number, told("bank", lambda: directory.resolve(bank))


def told(name: str, read: Any) -> Any:
    """What `read` makes of a field; what it refuses is refused with the field's name."""
    try:
        return read()
    except ValueError as error:
        reason = getattr(error, "reason", "unreadable")
        raise WishRejected(name, reason, *getattr(error, "candidates", ())) from None


def names_of(raw: Any) -> tuple[str, str, str | None]:
    """(last, first, patronymic)."""
    parts = SPACES.split(line("name", raw, LONGEST_NAME * 3))
    if not 2 <= len(parts) <= 4 or any(NOT_IN_NAMES.search(part) for part in parts):
        raise WishRejected("name", "characters" if len(parts) > 1 else "missing")
    return parts[0], parts[1], " ".join(parts[2:]) or None


def line(name: str, raw: Any, longest: int) -> str:
    """A text of one line."""
    if not isinstance(raw, str) or not raw.strip():
        raise WishRejected(name, "missing")
    found = raw.strip()
    if len(found) > longest:
        raise WishRejected(name, "too_long")
    if not found.isprintable():
        raise WishRejected(name, "characters")
    return found


def person_print(key: bytes, target: bytes, names: Sequence[str | None]) -> bytes:
    """By which who is paid is found again: last and first name and patronymic, at this target; no
    names: whoever has it.
    """
    return hmac.digest(key, target + "\0".join(map(str, names)).encode(), hashlib.sha256)


def phone_print(key: bytes, phone: str) -> bytes:
    """By which a phone is found again."""
    return hmac.digest(key, b"uzel phone\0" + phone.encode(), hashlib.sha256)
