"""The methods of Kaspi's API in miniature, without the web: `method(kaspi, shop, asked)`. They
raise Refused.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from uzel.connectors.kaspi import shapes
from uzel.connectors.kaspi.control import Settings
from uzel.connectors.kaspi.miniature import Line, Order, Refused, Shop, decoded, encoded
from uzel.connectors.kaspi.shapes import Content
from uzel.kit.body import at
from uzel.kit.sandbox import Asked

Method = Callable[[Settings, Shop, Asked], Content]

LARGEST_PAGE = 100
MOST_DAYS = 14
DAY_MS = 24 * 3600 * 1000
CREATED = "filter[orders][creationDate]"
# The texts for a missing `$ge` and for too long a window were seen live; those about pages and
# states are made after their pattern.
EMPTY_FILTER = "Required filter {} is empty."
EMPTY_PARAMETER = "Required parameter {} is empty."
TOO_LONG = (
    "Exceeded the maximum difference for the filter[orders][creationDate] (in days). "
    "Actual [{}], max [{}]."
)
PLAIN_FILTERS: Mapping[str, Callable[[Order], str]] = {
    "state": lambda order: order.state,
    "status": lambda order: order.status,
    "signatureRequired": lambda order: str(order.to_sign).lower(),
    "deliveryType": lambda order: "PICKUP" if order.way in ("pickup", "postomat") else "DELIVERY",
}


def list_orders(settings: Settings, shop: Shop, asked: Asked) -> Content:
    fields = asked.fields
    wanted_entries = "entries" in str(fields.get("include[orders]", "")).split(",")
    if code := str(fields.get("filter[orders][code]", "")):
        found = [order for order in [shop.orders.get(code)] if order]
        return page_of(settings, found, len(found), 1, wanted_entries)
    number, size = page(fields)
    if settings.state_required and not fields.get("filter[orders][state]"):
        raise Refused(EMPTY_FILTER.format("[orders][state]"))
    since_ms, until_ms = window(fields)
    filters = [
        (of, str(fields[name]))
        for short, of in PLAIN_FILTERS.items()
        if fields.get(name := f"filter[orders][{short}]")
    ]

    def wanted(order: Order) -> bool:
        within = since_ms <= order.created_ms <= until_ms
        return within and all(of(order) == value for of, value in filters)

    found = shop.listed(wanted, newest_first=settings.newest_first)
    shown = found[number * size : (number + 1) * size]
    return page_of(settings, shown, len(found), size, wanted_entries)


def page_of(
    settings: Settings, shown: list[Order], total: int, size: int, wanted_entries: bool
) -> Content:
    """A list has no links to its other pages."""
    with_entries = wanted_entries and settings.included != "none"
    begin = 1 if settings.included == "incomplete" else 0
    return {
        "data": [shapes.order_resource(it, settings, with_entries=with_entries) for it in shown],
        "included": [
            shapes.entry_resource(order, line, settings)
            for order in shown
            for line in (order.lines[begin:] if with_entries else ())
        ],
        "meta": {"pageCount": ceil(total / size), "totalCount": total},
    }


def page(fields: Mapping[str, Any]) -> tuple[int, int]:
    number, size = (whole(fields, f"page[{name}]") for name in ("number", "size"))
    if not 1 <= size <= LARGEST_PAGE:
        raise Refused(f"Parameter page[size] is not between 1 and {LARGEST_PAGE}.")
    return number, size


def whole(fields: Mapping[str, Any], name: str) -> int:
    text = str(fields.get(name, ""))
    if not text:
        raise Refused(EMPTY_PARAMETER.format(name))
    if not (text.isascii() and text.isdigit()):
        raise Refused(f"Parameter {name} is not a number.")
    return int(text)


def window(fields: Mapping[str, Any]) -> tuple[int, int]:
    """The first and the last millisecond; `$gt` and `$lt` leave their own one out."""
    since = bound(fields, "$ge", 0, bound(fields, "$gt", 1, None))
    if since is None:
        raise Refused("Required filter [orders][creationDate][$ge] is empty.")
    now_ms = shapes.now_ms()
    until = bound(fields, "$le", 0, bound(fields, "$lt", -1, now_ms))
    assert until is not None
    days = (until - since) / DAY_MS
    if days > MOST_DAYS:
        raise Refused(TOO_LONG.format(ceil(days), MOST_DAYS))
    return since, until


def bound(fields: Mapping[str, Any], operator: str, step: int, otherwise: int | None) -> int | None:
    name = f"{CREATED}[{operator}]"
    return whole(fields, name) + step if fields.get(name) else otherwise


def read_order(settings: Settings, shop: Shop, asked: Asked) -> Content:
    order = order_at(shop, asked.params["order_id"])
    return {
        "data": shapes.order_resource(order, settings, with_entries=False),
        "included": [],
    }


def user(settings: Settings, shop: Shop, asked: Asked) -> Content:
    order = order_at(shop, asked.params["order_id"])
    return {"data": shapes.customer_resource(order), "included": []}


def entries(settings: Settings, shop: Shop, asked: Asked) -> Content:
    """All at once, or page by page for who asks for pages."""
    order = order_at(shop, asked.params["order_id"])
    lines = order.lines
    if asked.fields.get("page[size]"):
        number, size = page(asked.fields)
        lines = lines[number * size : (number + 1) * size]
    told = [shapes.entry_resource(order, line, settings) for line in lines]
    return {"data": told, "included": []}


def entry(settings: Settings, shop: Shop, asked: Asked) -> Content:
    order, line = line_at(shop, asked.params["entry_id"])
    return {"data": shapes.entry_resource(order, line, settings), "included": []}


def product(settings: Settings, shop: Shop, asked: Asked) -> Content:
    _, line = line_at(shop, asked.params["entry_id"])
    return {"data": shapes.master_resource(line), "included": []}


def merchant_product(settings: Settings, shop: Shop, asked: Asked) -> Content:
    line = shop.article(decoded(asked.params["master_id"]))
    if line is None:
        raise Refused("Resource not found", 404)
    return {"data": shapes.merchant_resource(line), "included": []}


def change_order(settings: Settings, shop: Shop, asked: Asked) -> Content:
    """`POST /orders`: the status that is asked for."""
    data = at(asked.json, "data")
    attributes = at(data, "attributes") or {}
    if at(data, "type") != "orders" or not isinstance(attributes, dict):
        raise Refused("Resource type is not orders")
    order = order_at(shop, str(at(data, "id")))
    status, completed = str(attributes.get("status", "")), True
    more: Content = {}
    if status == "ACCEPTED_BY_MERCHANT":
        order.accept()
    elif status == "ASSEMBLE":
        order.assemble(places(attributes))
        more = {"numberOfSpace": order.parcels}
    elif status == "COMPLETED":
        completed = order.complete(asked.headers.get("x-security-code", ""))
    elif status == "CANCELLED":
        texts = (attributes.get(f"cancellation{name}") or "" for name in ("Reason", "Comment"))
        order.cancel(*map(str, texts))
        more = {"cancellationReason": order.reason}
    elif status == "ARRIVED":
        order.arrive()
    elif status == "ARRIVED_BACKWARD":
        order.arrive_backward()
    else:
        raise Refused(f"Status {status} is not allowed")
    asked.effect = True
    return {
        "data": shapes.moved(order, status if completed else order.status, more),
        "included": [],
    }


def places(attributes: Mapping[str, Any]) -> int:
    """Documented as text; numbers are answered."""
    text = str(attributes.get("numberOfSpace", ""))
    return int(text) if text.isascii() and text.isdigit() else 0


def cancel_entry(settings: Settings, shop: Shop, asked: Asked) -> Content:
    """`POST /orderEntryCancelOperation`."""
    data = at(asked.json, "data")
    remaining = at(data, "attributes", "remainedQuantity")
    entry_id = str(at(data, "relationships", "entry", "data", "id"))
    order, line = line_at(shop, entry_id)
    if not isinstance(remaining, int):
        raise Refused("Required attribute [remainedQuantity] is empty.")
    if settings.part_cancel_status == "SUCCESSFULL":
        order.leave(line.number, remaining)
    asked.effect = True
    name = encoded(f"{order.code};{line.number}")
    attributes = {"remainedQuantity": remaining, "status": settings.part_cancel_status}
    links = shapes.links("orderEntryCancelOperation", name, "entry")
    return {
        "data": {
            "type": "orderEntryCancelOperation",
            "id": name,
            "attributes": attributes,
            "relationships": {"entry": {"links": links, "data": None}},
            "links": {"self": f"{shapes.API}/orderEntryCancelOperation/{name}"},
        },
        "included": [],
    }


def order_at(shop: Shop, order_id: str) -> Order:
    """By its id; its number is no id, so it finds nothing."""
    order = shop.orders.get(decoded(order_id))
    if order is None:
        raise Refused("Resource not found", 404)
    return order


def line_at(shop: Shop, entry_id: str) -> tuple[Order, Line]:
    code, _, number = decoded(entry_id).partition("##")
    order = shop.orders.get(code)
    line = next((it for it in (order.lines if order else ()) if str(it.number) == number), None)
    if order is None or line is None:
        raise Refused("Resource not found", 404)
    return order, line
