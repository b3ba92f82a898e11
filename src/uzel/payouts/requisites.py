"""Where a payout goes: a card, or a phone at a bank (SBP, the fast payments of the Bank of Russia).

A card number is the most dangerous text in the house: it stays inside a `CardNumber`, which shows
its first six and last four digits alone (PCI DSS 4.0, 3.4.1) and gives the rest by `reveal()` only.
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NoReturn

from uzel.kit.card_numbers import luhn
from uzel.model.currency import NotAnAmount, minor
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.sums import read_sum

CURRENCY: Final = "RUB"
SHORTEST_CARD, LONGEST_CARD = 16, 19
FIRST, LAST = 6, 4
HIDDEN: Final = "•"
LONGEST_TYPED = 100
FINGERPRINT_KEY_BYTES = 32
# A fingerprint under the same key for another purpose must not be equal.
_PURPOSE: Final = b"uzel card number\0"
_DIGITS = re.compile(r"[0-9]+")
# Second digit 9: the Russian numbering plan's mobiles; 7 and 6 are Kazakhstan's.
_RUSSIAN_MOBILE = re.compile(r"\+79[0-9]{9}")


class RequisiteRejected(ValueError):
    """Nothing can be paid there. It never holds what was typed. `reason` is one of:

    card_missing       the field is empty
    card_not_text      a number, not a text: spreadsheets round long numbers
    card_characters    something else than digits, spaces and dashes
    card_length        not 16 to 19 digits
    card_checksum      the Luhn digit does not fit: a slip of the finger
    card_fake          one digit repeated, or zeros before it: it may pass, and is no card
    phone_not_russian  reachable, but no Russian mobile number, and SBP knows no others
    phone_more_digits  there is more than one number: a second phone, an hour, a sum
    amount_unreadable  no amount, two possible ones, finer than a kopeck, or not in roubles
    amount_too_small   below what may be paid at once
    amount_too_large   above it
    and those of `uzel.model.phone.PhoneRejected`
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Network(StrEnum):
    """Whose card it is, by its first digits."""

    MIR = "mir"
    VISA = "visa"
    MASTERCARD = "mastercard"
    UNKNOWN = "unknown"


# First four digits, both ends included (ISO/IEC 7812 ranges as the networks publish them).
_NETWORKS: Final = (
    (2200, 2204, Network.MIR),
    (2221, 2720, Network.MASTERCARD),
    (4000, 4999, Network.VISA),
    (5100, 5599, Network.MASTERCARD),
)


class CardNumber:
    """A card number that does not get out by accident: not by printing, formatting, logging,
    pickling or JSON. Two of the same digits are equal. Made by `read_card`.
    """

    __slots__ = ("__digits",)
    __digits: str

    def __init__(self, digits: str) -> None:
        """`digits` have passed `read_card`'s checks; raises RequisiteRejected for others."""
        object.__setattr__(self, "_CardNumber__digits", checked(digits))

    def reveal(self) -> str:
        """All digits, for the request to the provider and nothing else."""
        return self.__digits

    @property
    def masked(self) -> str:
        """`220077••••••7079`."""
        hidden = HIDDEN * (len(self.__digits) - FIRST - LAST)
        return self.__digits[:FIRST] + hidden + self.__digits[-LAST:]

    @property
    def last4(self) -> str:
        return self.__digits[-LAST:]

    @property
    def network(self) -> Network:
        head = int(self.__digits[:4])
        found = (network for first, last, network in _NETWORKS if first <= head <= last)
        return next(found, Network.UNKNOWN)

    def fingerprint(self, key: bytes) -> bytes:
        """By which a card is found again without its number: HMAC-SHA256, 32 bytes. There are few
        enough card numbers to try them all, so it is worth as much as the secrecy of `key`, which
        has at least 32 bytes. Raises ValueError.
        """
        if len(key) < FINGERPRINT_KEY_BYTES:
            raise ValueError(f"a key for fingerprints has at least {FINGERPRINT_KEY_BYTES} bytes")
        return hmac.digest(key, _PURPOSE + self.__digits.encode(), hashlib.sha256)

    def __repr__(self) -> str:
        return f"CardNumber({self.masked})"

    def __str__(self) -> str:
        return self.masked

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CardNumber):
            return NotImplemented
        return hmac.compare_digest(self.__digits, other.reveal())

    def __hash__(self) -> int:
        return hash(self.__digits)

    def __copy__(self) -> "CardNumber":
        return self

    def __deepcopy__(self, memo: object) -> "CardNumber":
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a card number does not change")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a card number is not to be stored")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a card number is not to be stored")


def read_card(raw: object) -> CardNumber:
    """The card in a text, its digits parted by spaces or dashes or not. Raises RequisiteRejected,
    nothing else.
    """
    if raw is None:
        raise RequisiteRejected("card_missing")
    if not isinstance(raw, str):
        raise RequisiteRejected("card_not_text")
    if len(raw) > LONGEST_TYPED:
        raise RequisiteRejected("card_length")
    digits = "".join(map(_without_gaps, unicodedata.normalize("NFKC", raw.strip())))
    if not digits:
        raise RequisiteRejected("card_missing")
    return CardNumber(digits)


def _without_gaps(character: str) -> str:
    """Nothing for a space, a dash or an invisible mark."""
    gap = unicodedata.category(character) in ("Zs", "Pd", "Cf")
    return "" if gap or character in "\t\N{MINUS SIGN}" else character


def checked(digits: str) -> str:
    """The digits of a possible card. Raises RequisiteRejected."""
    if not _DIGITS.fullmatch(digits):
        raise RequisiteRejected("card_characters")
    if not SHORTEST_CARD <= len(digits) <= LONGEST_CARD:
        raise RequisiteRejected("card_length")
    if luhn(digits) != 0:
        raise RequisiteRejected("card_checksum")
    # ISO/IEC 7812-1 has no bank's card begin so: it is a shorter number with zeros before it.
    if len(set(digits)) == 1 or digits.startswith("0"):
        raise RequisiteRejected("card_fake")
    return digits


def read_sbp_phone(raw: object) -> str:
    """The phone of a receiver by SBP, `+79` and nine digits: a Russian mobile number however it is
    written, see `uzel.model.phone`. For a text message the first phone of several would do; money
    must not go to one of two people. Raises RequisiteRejected, nothing else.
    """
    try:
        phone = parse_phone(raw, region="RU")
    except PhoneRejected as refusal:
        raise RequisiteRejected(refusal.reason) from None
    if not _RUSSIAN_MOBILE.fullmatch(phone.e164):
        raise RequisiteRejected("phone_not_russian")
    national = phone.e164.removeprefix("+7")
    if isinstance(raw, str) and decimals(raw) not in (national, f"7{national}", f"8{national}"):
        raise RequisiteRejected("phone_more_digits")
    return phone.e164


def decimals(text: str) -> str:
    """The digits of a text, in whatever script, as ASCII."""
    found = (unicodedata.decimal(sign, None) for sign in unicodedata.normalize("NFKC", text))
    return "".join(str(digit) for digit in found if digit is not None)


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be paid at once, both ends included, in kopecks."""

    least_minor: int
    most_minor: int


# A bank may set less; what the providers of payouts write is 1 to 500,000 roubles.
SBP_LIMITS = Limits(least_minor=1_00, most_minor=500_000_00)


def read_amount(raw: object, limits: Limits = SBP_LIMITS) -> int:
    """An amount in roubles as kopecks: a text such as `1 500,50 ₽`, a Decimal or an int, never a
    float. Raises RequisiteRejected, nothing else.
    """
    amount = _roubles(raw)
    if amount is None:
        raise RequisiteRejected("amount_unreadable")
    try:
        amount_minor = minor(amount, CURRENCY)
    except NotAnAmount:
        raise RequisiteRejected("amount_unreadable") from None
    if amount_minor < limits.least_minor:
        raise RequisiteRejected("amount_too_small")
    if amount_minor > limits.most_minor:
        raise RequisiteRejected("amount_too_large")
    return amount_minor


def _roubles(raw: object) -> Decimal | None:
    if isinstance(raw, Decimal):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    found = read_sum(raw) if isinstance(raw, str) else None
    return found.amount if found and found.currency in (None, CURRENCY) else None
