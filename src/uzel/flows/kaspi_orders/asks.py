"""The calls of this flow: how each is named, and what it asks."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from uzel.calls.effect import Effect
from uzel.calls.plan import Plan
from uzel.entities.together import since
from uzel.flows.kaspi_orders.settings import ShopSettings

# First word of the effects of all calls of this flow.
OWNER = "shop"
# Links in one request; amoCRM takes 250.
MOST_LINKS = 200


def effect_of(kind: str, number: int, rest: tuple[int, ...] = ()) -> Effect:
    """What a call of this flow is known by."""
    return Effect(OWNER, kind, number, rest)


def plan_of(
    connection_id: int, operation: str, effect: Effect, arguments: Mapping[str, Any]
) -> Plan:
    """The call."""
    return Plan(connection_id, operation, arguments, str(effect))


def fields_of(settings: ShopSettings) -> dict[str, int | None]:
    """Where a catalog keeps SKU and price."""
    return {
        "catalog_id": settings.catalog_id,
        "sku_field_id": settings.sku_field_id,
        "price_field_id": settings.price_field_id,
    }


def find_element(crm_id: int, batch: int, sku: str, settings: ShopSettings) -> Plan:
    """Which goods have this SKU."""
    arguments = {**fields_of(settings), "sku": sku}
    return plan_of(crm_id, "find_elements", effect_of("element", batch), arguments)


def list_elements(crm_id: int, batch: int, page: int, settings: ShopSettings) -> Plan:
    """One page of the whole catalog."""
    arguments = {**fields_of(settings), "page": page}
    return plan_of(crm_id, "list_elements", effect_of("catalog", batch, (page,)), arguments)


def create_elements(crm_id: int, batch: int, rows: Sequence[Any], settings: ShopSettings) -> Plan:
    """Rows of entity_store (key: SKU) as new goods."""
    elements = [
        {
            "request_id": row["key"],
            "sku": row["key"],
            "name": row["data"].get("name") or row["key"],
            "price": row["data"].get("price"),
        }
        for row in rows
    ]
    arguments = {**fields_of(settings), "elements": elements, "since": since()}
    return plan_of(crm_id, "create_elements", effect_of("elements", batch), arguments)


def find_deal(crm_id: int, batch: int, order: Any, settings: ShopSettings) -> Plan:
    """Whether an order has a deal already."""
    arguments = {
        "order_code": order["code"],
        "order_code_field_id": settings.order_code_field_id,
        "name": settings.name_of(order["code"]),
    }
    return plan_of(crm_id, "find_leads", effect_of("find", batch), arguments)


def lead_of(order: Any, settings: ShopSettings) -> dict[str, Any]:
    """A deal as it is made of a row of order_store.READY."""
    pipeline_id, status_id = settings.first_stage(order["state"])
    return {
        "request_id": str(order["id"]),
        "name": settings.name_of(order["code"]),
        "price": price_of(order["total"]),
        "pipeline_id": pipeline_id,
        "status_id": status_id,
        "responsible_user_id": settings.responsible_user_id,
        "contact_id": order["contact_id"],
        "order_code": order["code"],
    }


def create_deals(crm_id: int, batch: int, orders: Sequence[Any], settings: ShopSettings) -> Plan:
    """Deals for these orders."""
    arguments = {
        "leads": [lead_of(order, settings) for order in orders],
        "order_code_field_id": settings.order_code_field_id,
        "since": since(),
        "tag": None,
    }
    return plan_of(crm_id, "create_leads", effect_of("deals", batch), arguments)


def price_of(total: Decimal | None) -> int | None:
    """Deals have no tiyn."""
    return None if total is None else int(total.quantize(Decimal(1), ROUND_HALF_UP))


def link_goods(crm_id: int, effect: Effect, links: Sequence[Mapping[str, Any]]) -> Plan:
    """Goods into deals: {"lead_id", "element_id", "catalog_id", "quantity"} each."""
    return plan_of(crm_id, "link_elements", effect, {"links": list(links)})


def unlink_goods(crm_id: int, effect: Effect, links: Sequence[Mapping[str, Any]]) -> Plan:
    """Goods out of deals."""
    return plan_of(crm_id, "unlink_elements", effect, {"links": list(links)})


def add_notes(crm_id: int, batch: int, notes: Sequence[Mapping[str, Any]]) -> Plan:
    """A summary into each deal's feed: {"request_id", "lead_id", "text"} each."""
    arguments = {"notes": list(notes), "since": since()}
    return plan_of(crm_id, "add_notes", effect_of("notes", batch), arguments)


def read_deal(crm_id: int, effect: Effect, lead_id: int) -> Plan:
    """A deal as it is now."""
    return plan_of(crm_id, "read_lead", effect, {"lead_id": lead_id})


def change_deals(crm_id: int, batch: int, leads: Sequence[Mapping[str, Any]]) -> Plan:
    """Other stages and sums."""
    return plan_of(crm_id, "update_leads", effect_of("change", batch), {"leads": list(leads)})


def ask_lines(source_id: int, batch: int, order: Any) -> Plan:
    """The positions of an order, or the article behind the first that has none."""
    if order["lines"] is None:
        return plan_of(
            source_id, "entries", effect_of("lines", batch), {"order": order["source_order"]}
        )
    product = next(
        line["product"]
        for line in order["lines"]
        if line["sku"] is None and line["product"] is not None
    )
    return plan_of(source_id, "product", effect_of("product", batch), {"line": product})


def goods_of(lines: Sequence[Mapping[str, Any]] | None, ids: Mapping[str, int]) -> dict[str, str]:
    """{element: quantity} of an order's positions; several of one article are added up."""
    found: dict[int, Decimal] = {}
    for line in lines or ():
        element = ids.get(line["sku"] or "")
        if element is not None and Decimal(line["quantity"]) > 0:
            found[element] = found.get(element, Decimal(0)) + Decimal(line["quantity"])
    return {str(element): plain(quantity) for element, quantity in found.items()}


def plain(quantity: Decimal) -> str:
    """`2`, `0.35`: without an exponent and without zeros that say nothing."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
