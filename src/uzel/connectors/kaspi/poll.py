"""What we fetched from Kaspi, read as orders.

A body is what was kept of one order, `{"meta": {"fetchedAt": ms}, "data": {…}, "included": […]}`,
or any answer that has orders in `data`, one or a list of them. `"entries": […]` beside `data`, the
answer of the operation `entries`, is all positions of that one order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from uzel.connector import Element, Poll, Received
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.connectors.kaspi.notes import note_of
from uzel.connectors.kaspi.reading import (
    code_of,
    customer_of,
    decimal_text,
    id_of,
    lines_of,
    moment_of,
    phone_of,
)
from uzel.connectors.kaspi.statuses import state_of
from uzel.errors import PayloadInvalid
from uzel.kit.body import at, object_at, read_json, text_of
from uzel.model.order import Order

TOLD = "order.told"
CURRENCY = "KZT"
# A moment in milliseconds; a smaller number is none of our making.
SMALLEST_MS = 10**12
DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside the orders of a body: what is included, type → id → resource; when it was
    fetched, in milliseconds; all positions, where they were asked for singly.
    """

    included: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fetched_ms: int | None = None
    entries: list[Any] | None = None


def parse(received: Received, config: KaspiConfig) -> list[Element]:
    """One element per order, in the order of the body. Raises PayloadInvalid."""
    body = read_json(received.body)
    if not isinstance(body, dict) or "data" not in body:
        raise PayloadInvalid("Kaspi answers with an object that has data")
    data, entries = body["data"], body.get("entries")
    alone = not isinstance(data, list)
    around = Around(
        included=by_type(body.get("included")),
        fetched_ms=fetched_ms(at(body, "meta", "fetchedAt")),
        entries=entries if alone and isinstance(entries, list) else None,
    )
    return [element_of(resource, around) for resource in ([data] if alone else data)]


def by_type(included: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for resource in included if isinstance(included, list) else []:
        kind, name = at(resource, "type"), id_of(at(resource, "id"))
        if isinstance(kind, str) and name:
            found.setdefault(kind, {})[name] = resource
    return found


def fetched_ms(value: Any) -> int | None:
    return value if moment_of(value) and value >= SMALLEST_MS else None


def element_of(resource: Any, around: Around) -> Element:
    """An order without its number cannot be told from others, and nothing can be asked about one
    without its id.
    """
    attributes = object_at(resource, "attributes")
    code, order_id = code_of(at(attributes, "code")), id_of(at(resource, "id"))
    if attributes is None or code is None or order_id is None or at(resource, "type") != "orders":
        return Element(TOLD, reason="order_unreadable")
    created_at = moment_of(attributes.get("creationDate"))
    data = order_of(resource, attributes, around, code, order_id, created_at)
    version = around.fetched_ms or digest(data, text_of(attributes.get("state")))
    return Element(
        type=TOLD,
        key=f"order:{code}:{version}",
        subject=f"заказ {code}",
        occurred_at=created_at,
        data=data,
    )


def order_of(
    resource: Mapping[str, Any],
    attributes: Mapping[str, Any],
    around: Around,
    code: str,
    order_id: str,
    created_at: datetime | None,
) -> Order:
    status = text_of(attributes.get("status")) or ""
    first_name, last_name, phone = customer_of(resource, attributes, around.included)
    told_at = moment_of(around.fetched_ms)
    return Order(
        order=order_id,
        code=code,
        status=status,
        state=state_of(status),
        currency=CURRENCY,
        total=decimal_text(attributes.get("totalPrice")),
        phone=phone_of(phone),
        first_name=first_name,
        last_name=last_name,
        created_at=created_at.isoformat() if created_at else None,
        lines=lines_of(resource, around.included, around.entries),
        told_at=told_at.isoformat() if told_at else None,
        note=note_of(attributes) or None,
    )


def digest(order: Order, drawer: str | None) -> str:
    """What tells one version of an order from the next, where it is not said when it was told."""
    lines = None if order.lines is None else [list(parts(line)) for line in order.lines]
    told = orjson.dumps([order.status, drawer, order.total, lines])
    return sha256(told).hexdigest()[:DIGEST_LENGTH]


def parts(line: Any) -> tuple[str | None, ...]:
    return (line.line, line.sku, line.quantity, line.price, line.total)


def impersonal(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document without its buyer: name, phone (an id of a customer is one, too), and address."""
    resource = object_at(document, "data") or {}
    included = document.get("included")
    told = {
        **resource,
        "attributes": without(resource.get("attributes"), "customer", "deliveryAddress"),
        "relationships": without(resource.get("relationships"), "user"),
    }
    others = [
        it
        for it in (included if isinstance(included, list) else [])
        if at(it, "type") != "customers"
    ]
    return {**document, "data": told, "included": others}


def without(value: Any, *names: str) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: inner for name, inner in value.items() if name not in names}


POLL = Poll(parse=parse, impersonal=impersonal)
