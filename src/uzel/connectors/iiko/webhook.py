"""What iiko posts, read as visits.

The body is a JSON array of events (iiko OpenAPI, x-webhooks); a bare object is accepted as well,
since hand-made tests and older receivers use it. An order is known by `eventInfo.id`: `order.id`
is not in iiko's schema.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from uzel.connector import Config, Element, Received
from uzel.errors import PayloadInvalid
from uzel.kit.body import (
    at,
    id_of,
    label_of,
    object_at,
    phone_of,
    read_json,
    text_of,
    total_of,
    utc_of,
    utc_of_epoch,
)
from uzel.model.visit import Visit, VisitState

# eventType → our type, and what its `eventInfo.id` is the id of. The first eight are documented
# under x-webhooks, the last three appear in the enumeration of types only.
KINDS: Mapping[str, tuple[str, str | None]] = {
    "DeliveryOrderUpdate": ("order.updated", "заказ"),
    "DeliveryOrderError": ("order.failed", "заказ"),
    "TableOrderUpdate": ("table_order.updated", "заказ"),
    "TableOrderError": ("table_order.failed", "заказ"),
    "ReserveUpdate": ("reserve.updated", "бронь"),
    "ReserveError": ("reserve.failed", "бронь"),
    "StopListUpdate": ("stop_list.updated", None),
    "PersonalShift": ("shift.changed", None),
    "KitchenOrderUpdate": ("kitchen_order.updated", "заказ"),
    "NomenclatureUpdate": ("menu.updated", None),
    "BusinessHoursAndMappingUpdate": ("business_hours.updated", None),
}
UNKNOWN: tuple[str, None] = ("unknown.received", None)
VISITS = frozenset({"DeliveryOrderUpdate", "TableOrderUpdate"})

# A delivery becomes Delivered and then Closed, or Closed alone; a table Closed. The other words
# are not iiko's, but receivers in use accept them.
COMPLETED = frozenset({"delivered", "closed", "finished", "доставлен", "закрыт", "завершен"})
CANCELLED: Mapping[str, str] = {"cancelled": "cancelled", "deleted": "deleted"}

ENVELOPE = frozenset({"eventTime", "organizationId", "correlationId"})

# Only the guest's own number. Staff have numbers in these bodies too: order.operator, order.waiter,
# order.courierInfo.courier and eventInfo.courier must never be asked for a review.
ORDER_PHONE = ("eventInfo", "order", "phone")
PHONES = (
    ORDER_PHONE,
    ("order", "customer", "phone"),
    ("eventInfo", "order", "customer", "phone"),
    ("deliveryOrder", "customer", "phone"),
    ("customer", "phone"),
    ("phone",),
)
ORDERS = (("eventInfo", "order"), ("order",), ("deliveryOrder",))


def parse(received: Received, config: Config) -> list[Element]:
    """One element per event, in their order. Raises PayloadInvalid.

    Only what completes a visit has a key, and never with a `reason`: what did not count must not
    stand in the way of what counts later (a table closed without a phone, then corrected).
    """
    body = read_json(received.body)
    if isinstance(body, dict):
        body = [body]
    if not isinstance(body, list):
        raise PayloadInvalid("iiko sends an array of events or one event, this is neither")
    return [_element(event, received.received_at) for event in body]


def _element(event: Any, received_at: datetime) -> Element:
    if not isinstance(event, dict):
        return Element("unknown.received", reason="element_invalid")
    event_type = text_of(event.get("eventType"))
    kind, noun = KINDS.get(event_type or "", UNKNOWN)
    element = Element(kind, subject=_subject(event, noun), occurred_at=_occurred_at(event))
    if event_type not in VISITS:
        return replace(element, reason="event_type")
    return _of_order(OrderUpdate.of(event, received_at), element)


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """A DeliveryOrderUpdate or TableOrderUpdate, its parts found.

    order   the order's own object, None where iiko sent none (it could not be created)
    status  lower-case, None if it is nowhere
    phone   of the guest, as it came
    visit   what the order is known by: `organization:order`; None if it cannot be told from others
    """

    order: Mapping[str, Any] | None
    status: str | None
    phone: str | int | None
    visit: str | None
    place: str | None

    @classmethod
    def of(cls, event: Mapping[str, Any], received_at: datetime) -> "OrderUpdate":
        orders = (object_at(event, *path) for path in ORDERS)
        order = next((found for found in orders if found is not None), None)
        status = text_of(at(order, "status")) or text_of(at(event, "eventInfo", "status"))
        phone = _phone(event)
        place = id_of(at(event, "organizationId")) or id_of(
            at(event, "eventInfo", "organizationId")
        )
        return cls(
            order=order,
            status=status.casefold().replace("ё", "е") if status else None,
            phone=phone,
            visit=_visit_id(event, place, phone, received_at),
            place=place,
        )


def _of_order(update: OrderUpdate, element: Element) -> Element:
    """The decision about an order, in the order in which one fact outweighs the next."""
    if update.status is None:
        return replace(element, reason="order_null" if update.order is None else "status_missing")
    if note := _called_off(update):
        return _called_off_visit(update, element, note)
    if at(update.order, "movedToDeliveryId") not in (None, ""):
        return replace(element, reason="moved")
    if update.status not in COMPLETED:
        return replace(element, reason="status_not_completed")
    return _completed_visit(update, element)


def _called_off(update: OrderUpdate) -> str | None:
    if at(update.order, "isDeleted") is True:
        return "deleted"
    if object_at(update.order, "cancelInfo"):
        return "cancelled"
    return CANCELLED.get(update.status or "")


def _called_off_visit(update: OrderUpdate, element: Element, note: str) -> Element:
    if update.visit is None:
        return replace(element, reason="order_id_missing")
    # No key: an order can be called off, restored and called off again, and calling off what is off
    # changes nothing.
    return replace(
        element,
        type="visit.cancelled",
        data=_visit(update, update.visit, VisitState.CANCELLED, note),
    )


def _completed_visit(update: OrderUpdate, element: Element) -> Element:
    reason = _why_not_asked(update)
    visit = update.visit
    if visit is None:
        return replace(element, reason=reason or "order_id_missing")
    return replace(
        element,
        type="visit.completed",
        key=None if reason else f"visit:{visit}:completed",
        reason=reason,
        data=_visit(update, visit, VisitState.COMPLETED),
    )


def _why_not_asked(update: OrderUpdate) -> str | None:
    if at(update.order, "customer", "inBlacklist") is True:
        return "blacklisted"
    return "no_phone" if update.phone is None else None


def _visit(update: OrderUpdate, visit: str, state: VisitState, note: str | None = None) -> Visit:
    return Visit(
        state=state,
        visit=visit,
        place=update.place,
        phone=update.phone,
        name=_name(update.order),
        source=text_of(at(update.order, "sourceKey")),
        total=total_of(at(update.order, "sum")),
        note=note,
    )


def _name(order: Any) -> str | None:
    """The guest's name. The one-time customer of an aggregator's order is called after the
    aggregator ("Яндекс.Еда"), so it has none.
    """
    if at(order, "customer", "type") == "one-time" and at(order, "sourceKey"):
        return None
    return text_of(at(order, "customer", "name"))


def _phone(event: Mapping[str, Any]) -> str | int | None:
    """The first phone that is not empty. An extension stays with it, for the number alone would
    reach the aggregator's switchboard.
    """
    for path in PHONES:
        phone = phone_of(at(event, *path))
        if phone is None:
            continue
        extension = at(event, "eventInfo", "order", "phoneExtension")
        if path == ORDER_PHONE and extension not in (None, ""):
            return f"{phone};ext={label_of(extension) or '?'}"
        return phone
    return None


def _visit_id(
    event: Mapping[str, Any], place: str | None, phone: str | int | None, received_at: datetime
) -> str | None:
    """`organization:order`. A body of iiko's that has lost either is known by nothing, or its
    remains would pass for another order. The hand-made event without any envelope is known by its
    guest and day.
    """
    order_id = id_of(at(event, "eventInfo", "id"))
    is_bare = not ENVELOPE & event.keys()
    if order_id and (place or is_bare):
        return f"{place or '-'}:{order_id}"
    digits = re.sub(r"[^0-9]", "", str(phone))
    if is_bare and at(event, "eventInfo", "id") is None and 10 <= len(digits) <= 15:
        return f"{digits}:{received_at:%Y-%m-%d}"
    return None


def _subject(event: Mapping[str, Any], noun: str | None) -> str | None:
    if noun is None:
        return None
    order_id = id_of(at(event, "eventInfo", "id"))
    number = (
        label_of(at(event, "eventInfo", "order", "number"))
        or label_of(at(event, "eventInfo", "externalNumber"))
        or label_of(at(event, "order", "number"))
        or (order_id and order_id[:8])
    )
    return f"{noun} {number}" if number else None


def _occurred_at(event: Mapping[str, Any]) -> datetime | None:
    """`eventTime` is UTC although it has no zone. `whenDelivered`, `whenClosed` and their like are
    the terminal's local time without a zone and say nothing about when.
    """
    return utc_of(at(event, "eventTime")) or utc_of_epoch(at(event, "eventInfo", "timestamp"))
