"""What is looked at before anything is sent: ИНН, ОГРН, phones, dates, numbers, да and нет.

Source: konsol-and-vtiger, E. Documented examples of these fields fail their own check digits, so
what does not hold is pointed out, and refused only where the settings say `strict`. A value is sent
as it was given, but for what the other side would misread.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from uzel.connectors.vtiger.config import VtigerConfig
from uzel.errors import Rejected
from uzel.model import tax_ids
from uzel.model.phone import PhoneRejected, parse_phone

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LONGEST = 60_000
MOST_PERCENT = 100
YES, NO = "да", "нет"
# Of a fixed line no text is sent, but companies have them.
REACHABLE_NO_TEXT = ("phone_landline", "phone_not_mobile")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A value that does not hold. `code`: a short word, such as `inn_checksum`."""

    field: str
    code: str

    def as_json(self) -> dict[str, str]:
        """For an answer."""
        return {"field": self.field, "code": self.code}


def day_fault(text: str) -> str | None:
    """A day of the calendar, as `2026-11-21`."""
    if not DAY.fullmatch(text):
        return "date_format"
    try:
        date.fromisoformat(text)
    except ValueError:
        return "date_none"
    return None


def birthday_fault(text: str) -> str | None:
    """A day that is over."""
    if (fault := day_fault(text)) is not None:
        return fault
    return None if date.fromisoformat(text) <= datetime.now(UTC).date() else "date_future"


def phone_fault(text: str) -> str | None:
    """A number of somebody."""
    try:
        parse_phone(text)
    except PhoneRejected as rejected:
        return None if rejected.reason in REACHABLE_NO_TEXT else rejected.reason
    return None


def inn_fault(text: str) -> str | None:
    """An ИНН."""
    return tax_ids.inn_fault(tax_ids.plain(text))


def ogrn_fault(text: str) -> str | None:
    """An ОГРН or ОГРНИП."""
    return tax_ids.ogrn_fault(tax_ids.plain(text))


def money_fault(text: str) -> str | None:
    """A sum, not below zero."""
    value = decimal_of(text)
    return None if value is not None and value >= 0 else "number"


def percent_fault(text: str) -> str | None:
    """0 to 100."""
    value = decimal_of(text)
    return None if value is not None and 0 <= value <= MOST_PERCENT else "percent"


def answer_fault(text: str) -> str | None:
    """`да` or `нет`."""
    return None if text.casefold() in (YES, NO) else "yes_or_no"


def decimal_of(text: str) -> Decimal | None:
    """A plain number; None for what is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


FAULTS: Mapping[str, Callable[[str], str | None]] = {
    "inn": inn_fault,
    "ogrn": ogrn_fault,
    **dict.fromkeys(("mobile", "phone"), phone_fault),
    "birthday": birthday_fault,
    **dict.fromkeys(("agrdate", "startdate", "finishdate", "claimdate"), day_fault),
    "targetenddate": day_fault,
    **dict.fromkeys(("agrprice", "loss", "servicecost", "returned"), money_fault),
    "progress": percent_fault,
    **dict.fromkeys(("transport", "insurance", "independently"), answer_fault),
}
SUMS = ("agrprice", "loss", "servicecost", "returned")
IN_ORDER = (("startdate", "finishdate"), ("startdate", "targetenddate"))


def texts(given: Mapping[str, Any]) -> dict[str, str]:
    """Field → text as it goes out, without what is None or empty: that would say nothing, or empty
    a field. Raises Rejected for what is no single value.
    """
    found = {}
    for name, value in given.items():
        if value is not None and (text := text_of(name, value)):
            found[name] = text
    return found


def text_of(name: str, value: Any) -> str:
    """One value. Raises Rejected."""
    if isinstance(value, bool):
        return YES if value else NO
    if not isinstance(value, str | int | Decimal | float):
        raise Rejected(f"vtiger: поле {name} не текст и не число", code="value_kind")
    text = str(value).strip()
    if len(text) > LONGEST:
        raise Rejected(f"vtiger: поле {name} слишком длинное", code="value_long")
    # There "0" counts as nothing, and "0.00" as zero.
    return "0.00" if name in SUMS and text == "0" else text


def demand(given: Mapping[str, str], names: Iterable[str]) -> None:
    """Raises Rejected, by the name of the first field that is missing: nothing was sent then."""
    for name in names:
        if not given.get(name):
            raise Rejected(f"vtiger: нет обязательного поля {name}", code="field_missing")


def checked(config: VtigerConfig, given: Mapping[str, str]) -> list[dict[str, str]]:
    """What does not hold of these fields, for the answer. Raises Rejected where the settings are
    strict: nothing was sent then.
    """
    doubts = [
        Doubt(name, fault)
        for name, text in given.items()
        if text and name in FAULTS and (fault := FAULTS[name](text)) is not None
    ]
    broken = {one.field for one in doubts}
    for first, last in IN_ORDER:
        if {first, last} <= given.keys() - broken and given[last] < given[first]:
            doubts.append(Doubt(last, "dates_reversed"))
    if doubts and config.checks == "strict":
        named = ", ".join(f"{one.field} ({one.code})" for one in doubts)
        raise Rejected(f"vtiger: не отправлено, неверно: {named}", code=doubts[0].code)
    return [one.as_json() for one in doubts]
