"""What r_keeper posts, read as visits.

Three systems of its maker push under this name, and none says which it is:

- r_keeper Delivery: JSON of a template, a request per order and status ("Подписка на статусы")
- White Server: JSON events with `responseEventCommon`, about tills, without the guest's phone
- White Server version 1 and the till's own `httpordernotify`: XML, without phone and status
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from uzel.connector import Element, Received
from uzel.connectors.rkeeper.config import RkeeperConfig
from uzel.connectors.rkeeper.order import Layers, Order, orders_in
from uzel.connectors.rkeeper.statuses import Meaning, meaning_of
from uzel.errors import PayloadInvalid
from uzel.kit.body import object_at, read_json, text_of
from uzel.model.visit import Visit, VisitState

WHITE_SERVER_TYPES = frozenset({"OrderStatusChanged", "OrderChanged"})
HEAD_BYTES = 4096

_BLANK = b"\xef\xbb\xbf \t\r\n"
_ROOT = re.compile(r"<([A-Za-z][A-Za-z0-9_.:-]{0,60})")
_WHAT = re.compile(r"""\b(?:EventType|name)\s{0,8}=\s{0,8}["']([^"'<>]{1,80})["']""")


def parse(received: Received, config: RkeeperConfig) -> list[Element]:
    """One element per order. Raises PayloadInvalid.

    Only what completes a visit has a key, and never with a `reason`.
    """
    if received.body.lstrip(_BLANK)[:1] == b"<":
        return [_of_xml(received.body)]
    body = read_json(received.body)
    events = [body] if isinstance(body, dict) else body
    if not isinstance(events, list):
        raise PayloadInvalid("r_keeper sends an object or an array of objects, this is neither")
    return [
        _element(layers, received.received_at, config)
        for event in events
        for layers in _orders(event)
    ]


def _orders(event: Any) -> Iterator[Layers | str]:
    """The orders of one event; instead of one, the reason why there is none."""
    if not isinstance(event, dict):
        yield "element_invalid"
    elif (common := object_at(event, "responseEventCommon")) is not None:
        yield _white_server(event, common)
    else:
        for layers in orders_in(event):
            yield "element_invalid" if layers is None else layers


def _white_server(event: Mapping[str, Any], common: Mapping[str, Any]) -> Layers | str:
    if text_of(common.get("eventType")) not in WHITE_SERVER_TYPES:
        return "event_type"
    return [object_at(event, "response") or {}, common]


def _element(layers: Layers | str, received_at: datetime, config: RkeeperConfig) -> Element:
    if isinstance(layers, str):
        return Element("unknown.received", reason=layers)
    order = Order.of(layers, received_at)
    element = Element(
        "order.updated",
        subject=f"заказ {order.number}" if order.number else None,
        occurred_at=order.occurred_at,
    )
    if order.status is None:
        return replace(element, reason="status_missing")
    match meaning_of(order.status, config):
        case Meaning.COMPLETED:
            return _completed_visit(order, element)
        case Meaning.CANCELLED:
            return _called_off_visit(order, element)
        case Meaning.IGNORED:
            return replace(element, reason="status_not_completed")
    return replace(element, reason="status_unknown", data=order.status.unmapped())


def _completed_visit(order: Order, element: Element) -> Element:
    reason = "no_phone" if order.phone is None else None
    if order.visit is None:
        return replace(element, reason=reason or "order_id_missing")
    return replace(
        element,
        type="visit.completed",
        key=None if reason else f"visit:{order.visit}:completed",
        reason=reason,
        data=_visit(order, order.visit, VisitState.COMPLETED),
    )


def _called_off_visit(order: Order, element: Element) -> Element:
    if order.visit is None:
        return replace(element, reason="order_id_missing")
    # No key: calling off what is off changes nothing, and an order can be restored in between.
    return replace(
        element,
        type="visit.cancelled",
        data=_visit(order, order.visit, VisitState.CANCELLED, "cancelled"),
    )


def _visit(order: Order, visit: str, state: VisitState, note: str | None = None) -> Visit:
    return Visit(
        state=state,
        visit=visit,
        place=order.place,
        phone=order.phone,
        name=order.name,
        source=order.source,
        total=order.total,
        note=note,
        email=order.email,
    )


def _of_xml(body: bytes) -> Element:
    """What an XML body is about, from its head alone: it is never parsed, so it cannot be a bomb,
    and neither kind has a phone that would be worth it.
    """
    head = body[:HEAD_BYTES].decode("utf-8", "replace")
    names = [found[1] for pattern in (_ROOT, _WHAT) if (found := pattern.search(head))]
    return Element("unknown.received", subject=text_of(" ".join(names)), reason="unsupported_xml")
