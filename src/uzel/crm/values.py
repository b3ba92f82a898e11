"""What programs and forms give for a field, in the one form that is kept.

Programs send text. What does not fit the kind of its field is refused by name; what may well be
right although a rule says no (ИНН, ОГРН, dates, phones) is kept and pointed out, or refused where
the registry is strict: konsol-and-vtiger, E has examples of the documentation that do not hold.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from uzel.crm import refusal
from uzel.crm.field import Field, Kind
from uzel.kit.body import storable
from uzel.kit.card_numbers import masked
from uzel.model import tax_ids
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.sums import read_number

LONGEST, LONGEST_TEXT = 500, 8_000
YES, NO = frozenset({"1", "true", "on", "yes", "да"}), frozenset({"0", "false", "off", "no", "нет"})
LARGEST = 10**15
FIRST_BIRTHDAY = date(1900, 1, 1)
# Less digits are a sum, as likely as not.
SHORTEST_CARD = 14
PLACES = {Kind.CURRENCY: 2, Kind.DOUBLE: 6}
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Another hour than nought could be the day before or after, where the zone is not the writer's.
_MIDNIGHT = re.compile(r"[T ]00:00(:00([.]0+)?)?(Z|[+-]00:00)?\Z")
_RUSSIAN = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_BARE_PHONE = re.compile(r"[^0-9]+")
TAX_ID = {
    "inn": tax_ids.inn_fault,
    "cf_contacts_inn": tax_ids.inn_fault,
    "cf_accounts_ogrn": tax_ids.ogrn_fault,
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that does not hold and was let in: `code` has words in the console."""

    field: str
    code: str
    given: str

    def as_json(self) -> dict[str, str]:
        """As it lies in the database."""
        return {"field": self.field, "code": self.code, "given": self.given}


@dataclass(frozen=True, slots=True)
class Value:
    """What is kept: empty for nothing."""

    text: str
    doubts: tuple[Doubt, ...] = ()


def read(field: Field, given: str) -> Value:
    """What is kept of a text. Raises Refused where it is none of the field's kind."""
    text = storable(given).replace("\t", " ").strip()
    if not text:
        return Value("")
    if len(text) > (LONGEST_TEXT if field.kind == Kind.TEXT else LONGEST):
        raise refusal.wrong_value(field.name, "too long")
    if field.name in TAX_ID:
        return read_tax_id(field, text)
    return READERS.get(field.kind, read_text)(field, text)


def read_text(field: Field, text: str) -> Value:
    """A card's number is no part of it: those are taken in their own field only, with payouts."""
    shown, cards = masked(text)
    return Value(shown, (Doubt(field.name, "card_masked", ""),) if cards else ())


def read_tax_id(field: Field, text: str) -> Value:
    """Digits together, whether they hold or not."""
    bare = tax_ids.plain(text)
    fault = TAX_ID[field.name](bare)
    if fault is None:
        return Value(bare)
    if fault.endswith("_digits"):
        bare = text
    shown, _ = masked(bare)
    return Value(shown, (Doubt(field.name, fault, shown),))


def read_phone(field: Field, text: str) -> Value:
    """As it was written: people know their numbers by how they write them."""
    shown, _ = masked(text)
    try:
        parse_phone(text)
    except PhoneRejected as rejected:
        if rejected.reason != "phone_landline":
            return Value(shown, (Doubt(field.name, rejected.reason, shown),))
    return Value(shown)


def known_by_phone(text: str) -> str | None:
    """What a person can be found by: `+` and digits, however the number was written; None for what
    nobody can be reached by.
    """
    try:
        return parse_phone(text).e164
    except PhoneRejected as rejected:
        if rejected.reason in ("no_phone", "phone_fake", "phone_extension"):
            return None
    digits = _BARE_PHONE.sub("", text)
    if len(digits) == 11 and digits.startswith("8"):
        digits = "7" + digits[1:]
    return f"+{digits}" if 10 <= len(digits) <= 15 else None


def read_date(field: Field, text: str) -> Value:
    """ГГГГ-ММ-ДД of a day that there is. What cannot be read is kept beside the record."""
    day = day_of(text)
    if day is None:
        return Value("", (Doubt(field.name, "date_unreadable", masked(text)[0]),))
    likely = field.name != "birthday" or FIRST_BIRTHDAY <= day <= datetime.now(UTC).date()
    return Value(day.isoformat(), () if likely else (Doubt(field.name, "birthday_unlikely", text),))


def day_of(text: str) -> date | None:
    """The day of `2026-11-22`, `22.11.2026` or `2026-11-22T00:00:00.000Z`."""
    text = _MIDNIGHT.sub("", text)
    russian = _RUSSIAN.fullmatch(text)
    try:
        if russian:
            return date(int(russian[3]), int(russian[2]), int(russian[1]))
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def read_flag(field: Field, text: str) -> Value:
    """`1` or `0`."""
    word = text.casefold()
    if word not in YES | NO:
        raise refusal.wrong_value(field.name, "да or нет is expected")
    return Value("1" if word in YES else "0")


def read_integer(field: Field, text: str) -> Value:
    """A whole number."""
    bare = text.removesuffix("%").strip()
    demand_no_card(field, bare)
    if not _INTEGER.fullmatch(bare):
        raise refusal.wrong_value(field.name, "a whole number is expected")
    number = int(bare)
    if field.most is not None and not 0 <= number <= field.most:
        raise refusal.wrong_value(field.name, f"from 0 to {field.most} is expected")
    return Value(str(number))


def read_decimal(field: Field, text: str) -> Value:
    """A sum as people write it. One that could be two (`1,234`) is refused, and so is one finer
    than what it counts.
    """
    demand_no_card(field, text)
    number = read_number(text)
    places = PLACES[field.kind]
    if number is None or number >= LARGEST or number != round(number, places):
        raise refusal.wrong_value(field.name, "a number is expected")
    return Value(f"{number.quantize(Decimal(1).scaleb(-places)):f}")


def demand_no_card(field: Field, text: str) -> None:
    """Cards of 14 and 15 digits would pass for numbers. Raises Refused."""
    if any(len(one) >= SHORTEST_CARD for one in masked(text)[1]):
        raise refusal.wrong_value(field.name, "a number is expected")


def folded(content: Mapping[str, str]) -> dict[str, str]:
    """What comparisons are made with."""
    return {name: text.casefold() for name, text in content.items()}


READERS: Mapping[Kind, Callable[[Field, str], Value]] = {
    Kind.PHONE: read_phone,
    Kind.DATE: read_date,
    Kind.BOOLEAN: read_flag,
    Kind.INTEGER: read_integer,
    Kind.CURRENCY: read_decimal,
    Kind.DOUBLE: read_decimal,
    Kind.REFERENCE: lambda _, text: Value(text),
}
