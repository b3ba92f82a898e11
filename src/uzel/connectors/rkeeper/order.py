"""One order, found in whichever shape it came.

A push of r_keeper Delivery is a template that only the customer's own admin panel shows, so nobody
knows its shape beforehand. What is known: the field names of the order itself (Delivery API,
"Получение заказов по ID"), those of White Server's events, those of Carbis' callbacks, and the
places where receivers in use look. Each is an explicit path; nothing is searched for.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from uzel.connectors.rkeeper.statuses import Status, status_of
from uzel.kit.body import (
    at,
    id_of,
    number_of,
    object_at,
    phone_of,
    text_of,
    total_of,
    utc_of,
)

# The objects an order's fields may stand in, the order itself first, the message around it last.
Layers = Sequence[Mapping[str, Any]]
Path = tuple[str, ...]
T = TypeVar("T")

WRAPPERS = ("order", "data", "result", "payload")

# Only the guest's own number. Couriers, waiters, operators and the restaurant have numbers, too,
# and must never be asked for a review.
PEOPLE = ("guest", "customer", "client")
PHONES: tuple[Path, ...] = (
    *((person, "phone") for person in PEOPLE),
    ("customerPhone",),
    ("clientPhone",),
    ("phone",),
    ("phone_number",),  # Carbis Delivery, order.status_callback
)
EMAILS: tuple[Path, ...] = tuple((person, "email") for person in PEOPLE)
GIVEN_NAMES: tuple[Path, ...] = tuple(
    (person, field) for person in PEOPLE for field in ("firstName", "name")
)
PLACES: tuple[Path, ...] = (("restaurantId",), ("objectId",))  # Delivery; White Server
SOURCES: tuple[Path, ...] = (("orderSourceName",),)
# In roubles or tenge, not in hundredths: Delivery's example reads 817.00, and White Server says of
# its prices that a point divides their parts.
TOTALS: tuple[Path, ...] = (("fullAmount",), ("amount",), ("price", "total"))
# What has a zone wherever it is documented. `createdAt` says nothing about now, and `closedAt` of
# White Server is the restaurant's local time without a zone.
TIMES: tuple[Path, ...] = (
    ("updatedAt",),
    ("completedAt",),
    ("dateTimeServerReceiveEventFromAgent",),
)

# By which an order is known, the surest first. Delivery has a number (`orderId`) and a GUID (`id`);
# `originalOrderId` may be that of another system, so it comes last and never counts as a GUID.
ORDER_IDS = ("orderId", "order_id", "id", "orderGuid")
FOREIGN_ID = "originalOrderId"
# A body that has none of these was made by hand.
MARKS = (
    *ORDER_IDS,
    FOREIGN_ID,
    *("orderExternalId", "orderStatusId", "orderStatusName", "guestmeta", "phone_number"),
    *("restaurantId", "restaurantName", "corporationId", "createdAt", "updatedAt", "completedAt"),
    *("responseEventCommon", "objectId", "eventGuid"),
)

_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?")
_NO_GUID = "00000000-0000-0000-0000-000000000000"  # what .NET writes where there is none
_ZONE = re.compile(r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})\Z")


@dataclass(frozen=True, slots=True)
class Order:
    """What an order says of itself.

    visit   what it is known by; None if it cannot be told from others
    number  as people call it
    total   decimal text, in units of the currency
    """

    status: Status | None
    phone: str | int | None
    visit: str | None
    place: str | None
    number: str | None
    occurred_at: datetime | None
    name: str | None
    email: str | None
    source: str | None
    total: str | None

    @classmethod
    def of(cls, layers: Layers, received_at: datetime) -> "Order":
        phone = _first(layers, PHONES, phone_of)
        place = _first(layers, PLACES, _id)
        visit = _visit_id(layers, place) or _visit_of_the_day(layers, phone, received_at)
        return cls(
            status=status_of(layers),
            phone=phone,
            visit=visit,
            place=place,
            number=_number(layers),
            occurred_at=_first(layers, TIMES, _zoned),
            name=_first(layers, GIVEN_NAMES, text_of),
            email=_first(layers, EMAILS, text_of),
            source=_first(layers, SOURCES, text_of),
            total=_first(layers, TOTALS, total_of),
        )


def orders_in(event: Mapping[str, Any]) -> Iterator[Layers | None]:
    """The orders of one message: one, or as many as the list in its wrapper has; None stands for
    what is no object.
    """
    wrapped = {name: event.get(name) for name in WRAPPERS}
    for name, inner in wrapped.items():
        if isinstance(inner, list) and inner:
            for item in inner:
                is_object = isinstance(item, dict)
                yield _layers(event, {**wrapped, name: item}) if is_object else None
            return
    yield _layers(event, wrapped)


def _layers(event: Mapping[str, Any], wrapped: Mapping[str, Any]) -> Layers:
    outer = [object_at(wrapped, name) for name in WRAPPERS[1:]]
    found = [object_at(wrapped, "order"), *(object_at(box, "order") for box in outer), *outer]
    return [*(layer for layer in found if layer is not None), event]


def _first(layers: Layers, paths: Sequence[Path], read: Callable[[Any], T]) -> T | None:
    """The first value that can be read, the innermost layer first."""
    return next(
        (
            value
            for layer in layers
            for path in paths
            if (value := read(at(layer, *path))) is not None
        ),
        None,
    )


def _visit_id(layers: Layers, place: str | None) -> str | None:
    """A GUID by itself, else `place:number`, for only GUIDs are unique everywhere. With a GUID two
    templates name the same visit even if one of them leaves the restaurant out.
    """
    ids = [found for name in ORDER_IDS if (found := _order_id(layers, name))]
    guid = next((found for found in ids if _GUID.fullmatch(found)), None)
    if guid:
        return guid
    foreign = _order_id(layers, FOREIGN_ID)
    known = ids[0] if ids else foreign
    return f"{place or '-'}:{known}" if known else None


def _order_id(layers: Layers, name: str) -> str | None:
    # A bare `id` further out is that of the message, and every message would be another order.
    return _first(layers[:1] if name == "id" else layers, ((name,),), _id)


def _visit_of_the_day(layers: Layers, phone: str | int | None, received_at: datetime) -> str | None:
    """A body made by hand is known by its guest and day. One of r_keeper's that has lost its ids is
    known by nothing, or its remains would pass for another order.
    """
    digits = re.sub(r"[^0-9]", "", str(phone))
    is_bare = not any(name in layer for layer in layers for name in MARKS)
    if is_bare and 10 <= len(digits) <= 15:
        return f"{digits}:{received_at:%Y-%m-%d}"
    return None


def _number(layers: Layers) -> str | None:
    for name in (*ORDER_IDS, FOREIGN_ID):
        if found := _order_id(layers, name):
            return found[:8] if _GUID.fullmatch(found) else found
    return None


def _id(value: Any) -> str | None:
    """A GUID in small letters without braces, another id, or a number; None for what is none."""
    if isinstance(value, str) and (guid := _GUID.fullmatch(value.strip().lower())):
        return guid[1] if guid[1] != _NO_GUID else None
    return number_of(value) or id_of(value)


def _zoned(value: Any) -> datetime | None:
    """A time that says its zone; what has none could be hours off."""
    return utc_of(value) if isinstance(value, str) and _ZONE.search(value.strip()) else None
