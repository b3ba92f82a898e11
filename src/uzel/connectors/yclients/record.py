"""A record as YCLIENTS describes it, each field read for what it is (YCLIENTS REST API, "Записи").

Types wander: `visit_id` is a number or a text, the client an object, null, {}, [] or a list of one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any

from uzel.kit.body import (
    at,
    number_of,
    object_at,
    phone_of,
    text_of,
    total_of,
    utc_of,
    utc_of_epoch,
)

LONGEST_SERVICE = 60
# A sum as text: `1500.50`.
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_CODE = re.compile(r"-?[0-9]")
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
# `+0500`, as YCLIENTS writes it, or `+05:00`, or `Z`.
_ZONE = re.compile(r"(?:[+-][0-9]{2}:?[0-9]{2}|Z)$")


class Attendance(IntEnum):
    """What the salon says of the guest (YCLIENTS REST API, field `attendance`)."""

    MISSED = -1
    WAITING = 0
    CAME = 1
    CONFIRMED = 2


_CODES = {code.value: code for code in Attendance}


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom the record is for.

    regular  whether this was not the first visit; None if the salon keeps no count
    """

    phone: str | int | None = None
    name: str | None = None
    email: str | None = None
    regular: bool | None = None


def attendance_of(record: Mapping[str, Any]) -> Attendance | None:
    """`visit_attendance` is the newer word, `attendance` what older senders have alone."""
    codes = (code_of(record.get(field)) for field in ("visit_attendance", "attendance"))
    return next((_CODES[code] for code in codes if code in _CODES), None)


def code_of(value: Any) -> int | None:
    """An integer of one digit, or its text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if _CODE.fullmatch(text) else None


def is_deleted(record: Mapping[str, Any]) -> bool:
    """The flag is a boolean; receivers in use accept 1 and "1" as well."""
    value = record.get("deleted")
    return value is True or code_of(value) == 1


def guest_of(record: Mapping[str, Any], event: Mapping[str, Any]) -> Guest:
    """The guest of a record; phones beside it in `event` are those of hand-made bodies. Of several
    clients none is the one to ask. Staff and the `comer` are never read.
    """
    client = client_in(record.get("client"))
    places = (client, record, client_in(event.get("client")), event)
    phones = (phone_of(place.get("phone")) for place in places)
    return Guest(
        phone=next((phone for phone in phones if phone), None),
        name=name_of(client.get("name")) or name_of(client.get("display_name")),
        email=text_of(client.get("email")),
        regular=regular_of(client.get("success_visits_count")),
    )


def client_in(value: Any) -> Mapping[str, Any]:
    """The one client, an empty object where there is none."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else {}


def name_of(value: Any) -> str | None:
    """A name has a letter; salons put dots or the phone where they know none."""
    name = text_of(value)
    return name if name and any(character.isalpha() for character in name) else None


def regular_of(visits: Any) -> bool | None:
    """Whether this visit counts among `success_visits_count` is not documented. It is counted here:
    the event leaves after the mark was set. Were it not, a second visit would pass for a first one.
    """
    if isinstance(visits, bool) or not isinstance(visits, int) or visits < 0:
        return None
    return visits > 1


def service_of(record: Mapping[str, Any]) -> str | None:
    """Titles of the services, as many as are short enough for a text message."""
    titles = list(dict.fromkeys(filter(None, (text_of(s.get("title")) for s in services(record)))))
    kept: list[str] = []
    for title in titles:
        if kept and len(", ".join([*kept, title])) > LONGEST_SERVICE:
            break
        kept.append(title)
    text = ", ".join(kept)
    return (text if len(text) <= LONGEST_SERVICE else f"{text[: LONGEST_SERVICE - 1]}…") or None


def total_in(record: Mapping[str, Any]) -> str | None:
    """What the services cost, as decimal text. It is what was agreed, not what was paid: payments
    come as `finances_operation`. Nothing but zeros means that nobody has filled in prices.
    """
    costs = [amount_of(s.get("cost_to_pay")) or amount_of(s.get("cost")) for s in services(record)]
    known = [Decimal(cost) for cost in costs if cost is not None]
    if len(known) < len(costs) or not any(known):
        return None
    return total_of(sum(known, Decimal(0)))


def amount_of(value: Any) -> str | None:
    """A sum given as a number or as text."""
    if isinstance(value, str):
        value = Decimal(value) if _AMOUNT.fullmatch(value) else None
    return total_of(value)


def services(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The services of a record that can be read."""
    listed = record.get("services")
    yield from (it for it in listed if isinstance(it, dict)) if isinstance(listed, list) else ()


def staff_of(record: Mapping[str, Any]) -> str | None:
    """Who served the guest."""
    return text_of(at(object_at(record, "staff"), "name"))


def is_group(record: Mapping[str, Any]) -> bool:
    """Whether it is a place in a group event (`activity_id`)."""
    return number_of(record.get("activity_id")) is not None


def changed_at(record: Mapping[str, Any]) -> datetime | None:
    """When the record last changed, aware UTC. The only time that counts: `date` is local without
    a zone, and Altegio's `datetime` may have the wrong offset in summer.
    """
    value = record.get("last_change_date")
    return utc_of(value) if isinstance(value, str) and _ZONE.search(value.strip()) else None


def days_late(record: Mapping[str, Any]) -> int | None:
    """Days between the visit and the last change, both by the salon's calendar; None if unknown."""
    visit = day_of(record.get("date")) or day_of(record.get("datetime"))
    changed = day_of(record.get("last_change_date"))
    return (changed - visit).days if visit and changed else None


def day_of(value: Any) -> date | None:
    """The calendar day that a time begins with; of seconds since 1970, that in UTC."""
    if isinstance(value, str) and (found := _DAY.match(value.strip())):
        try:
            return date.fromisoformat(found[0])
        except ValueError:
            return None
    moment = utc_of_epoch(value)
    return moment.date() if moment else None
