"""What a report writes into a deal: each value as the type of its field wants it (amoCRM, "Custom
fields").
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from uzel.flows.lead_deals.known import Enum, Known, KnownField, plain
from uzel.flows.lead_deals.settings import NOW, TOLD, LeadSettings

# Words of one meaning: a list offers one of them, and robots send the other.
SYNONYMS = (("успешно", "выполнено"), ("ошибка!", "ошибка"))
TRUE, FALSE = ("1", "да", "true", "yes", "on"), ("0", "нет", "false", "no", "off")
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M")
MOST_NAMED = 8
# What multitext fields (a phone, an address) call a value of no particular kind.
ANY_KIND = "WORK"

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be written. `amount` is None where none was told, or it could be read in two
    ways; `told` are all values as they came.
    """

    status: str
    is_success: bool
    amount: Decimal | None
    told: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Filling:
    """`fields` as the CRM takes them, in their order; `mark`: the number of the status field; and
    what was left out, in words.
    """

    fields: list[Content]
    mark: int | None
    left_out: list[str]


class NoValue(Exception):
    """The field takes no such value; says why."""


def filling(settings: LeadSettings, known: Known, report: Report) -> Filling:
    """What the report means for the fields of this account."""
    fields: list[Content] = []
    left_out: list[str] = []
    for name, text, read in wanted(settings, report):
        field = known.field(name)
        if field is None:
            left_out.append(f"there is no field '{name}'")
            continue
        try:
            fields.append({"field_id": field.id, "values": [read(field, text)]})
        except NoValue as error:
            left_out.append(f"'{field.name}': {error}")
    mark = known.field(settings.status_field)
    return Filling(fields, mark.id if mark else None, left_out)


Read = Callable[[KnownField, str], Content]


def wanted(settings: LeadSettings, report: Report) -> Iterator[tuple[str, str, Read]]:
    """(field, text, how it is read) in the documented order: amount, currency, e-mail, card,
    status, and the static ones.
    """
    for told in TOLD:
        text = report.told.get(told, "").strip()
        if text and told in settings.fields:
            exact = report.amount if told == "amount" else None
            yield settings.fields[told], text, reader(exact, is_amount=told == "amount")
    yield settings.status_field, report.status, status_value
    for name, text in settings.static:
        yield name, text, value_of


def reader(exact: Decimal | None, *, is_amount: bool) -> Read:
    """How a told value is read; an amount that is wanted as a number is the one we understood."""

    def read(field: KnownField, text: str) -> Content:
        if is_amount and field.type in NUMBERS:
            if exact is None:
                raise NoValue(f"{text!r} can be read in two ways, or is no amount")
            return {"value": number_text(exact)}
        return value_of(field, text)

    return read


def status_value(field: KnownField, text: str) -> Content:
    """A status: the word that was sent, or the one of the same meaning that the field offers."""
    if field.type not in CHOICES:
        return value_of(field, text)
    words = next((group for group in SYNONYMS if plain(text) in group), ())
    for word in (text, *words):
        if (found := field.enum(word)) is not None:
            return chosen(found)
    raise none_of(field, text)


def value_of(field: KnownField, text: str) -> Content:
    """A text as a value of this field. Raises NoValue."""
    read = READ.get(field.type or "")
    if read is None:
        raise NoValue(f"fields of type {field.type} are not filled")
    return read(field, text)


def as_text(field: KnownField, text: str) -> Content:
    return {"value": text}


def as_number(field: KnownField, text: str) -> Content:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NoValue(f"{text!r} is no number")
    return {"value": number_text(number)}


def as_choice(field: KnownField, text: str) -> Content:
    found = field.enum(text)
    if found is None:
        raise none_of(field, text)
    return chosen(found)


def as_moment(field: KnownField, text: str) -> Content:
    if plain(text) == NOW:
        return {"value": int(time.time())}
    for form in DATES:
        try:
            return {"value": int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())}
        except ValueError:
            continue
    raise NoValue(f"{text!r} is no date: give 2026-03-14, or {NOW}")


def as_flag(field: KnownField, text: str) -> Content:
    if plain(text) not in (*TRUE, *FALSE):
        raise NoValue(f"{text!r} is neither yes nor no")
    return {"value": plain(text) in TRUE}


def as_labelled(field: KnownField, text: str) -> Content:
    return {"value": text, "enum_code": ANY_KIND}


PLAIN = ("text", "textarea", "url", "streetaddress", "tracking_data")
NUMBERS = ("numeric", "price", "monetary")
CHOICES = ("select", "multiselect", "radiobutton", "category")
MOMENTS = ("date", "date_time", "birthday")
READ: Mapping[str, Read] = {
    **dict.fromkeys(PLAIN, as_text),
    **dict.fromkeys(NUMBERS, as_number),
    **dict.fromkeys(CHOICES, as_choice),
    **dict.fromkeys(MOMENTS, as_moment),
    "checkbox": as_flag,
    "multitext": as_labelled,
}


def chosen(enum: Enum) -> Content:
    return {"enum_id": enum.id}


def none_of(field: KnownField, text: str) -> NoValue:
    offered = [it.value for it in field.enums]
    more = ", …" if len(offered) > MOST_NAMED else ""
    return NoValue(f"{text!r} is none of its values ({', '.join(offered[:MOST_NAMED])}{more})")


def number_text(number: Decimal) -> str:
    """`19.17`, `20`: without an exponent and without zeros that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
