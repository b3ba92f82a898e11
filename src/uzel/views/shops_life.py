"""The life of one order: what Kaspi told of it, the calls it took part in, what people did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from uzel.kit.database import Pool
from uzel.views import shops_store as store
from uzel.views.call_store import calls_by_id
from uzel.views.query_store import NEWEST, id_at
from uzel.views.rows import Call
from uzel.views.shops import OrderRow, to_order

MOST_TOLD = 50
# Calls around the times an order changed: from its first hour to the last comparison.
FIRST_HOURS, AROUND = timedelta(hours=6), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Told:
    """An event by which Kaspi told of the order; `status` is Kaspi's own word."""

    id: int
    raw_event_id: int
    decision: str
    reason: str | None
    status: str | None
    told_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did."""

    at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goods:
    """A position, and what became of it in the CRM: `element` is its number in the catalog."""

    sku: str | None
    name: str | None
    quantity: str
    price: str | None
    element: int | None
    state: str | None
    reason: str | None

    @property
    def price_minor(self) -> int | None:
        """The price of one in hundredths."""
        return None if self.price is None else round(Decimal(self.price) * 100)


@dataclass(frozen=True, slots=True)
class OrderLife:
    """All that is known. `cut`: Kaspi told of it more often than is shown."""

    order: OrderRow
    told: tuple[Told, ...]
    calls: tuple[Call, ...]
    acts: tuple[Act, ...]
    lines: tuple[Goods, ...] | None
    note: Mapping[str, str]
    contact: Mapping[str, Any] | None
    cut: bool

    @property
    def pieces(self) -> int:
        """How many positions there are."""
        return len(self.lines or ())


async def order_life(pool: Pool, order_id: int, shop: Any) -> OrderLife | None:
    """The life of an order of this shop (a row of table shop); None if it is not one of its."""
    row = await store.order(pool, order_id)
    if row is None or row["shop_id"] != shop["id"]:
        return None
    catalog_id = (shop["settings"] or {}).get("catalog_id")
    skus = [line["sku"] for line in row["lines"] or () if line["sku"]]
    async with pool.acquire() as connection:
        told = await store.told(connection, shop["source_id"], row["code"], MOST_TOLD + 1)
        acts = await store.acts(connection, f"shop_order:{order_id}")
        contact = row["phone"] and await store.contact(connection, shop["crm_id"], row["phone"])
        goods = await store.goods(connection, shop["crm_id"], catalog_id or 0, skus)
    known = {r["key"]: r for r in goods}
    lines = row["lines"]
    return OrderLife(
        order=to_order(row),
        told=tuple(map(to_told, told[:MOST_TOLD])),
        calls=await calls_of(pool, row, shop),
        acts=tuple(Act(**act) for act in acts),
        lines=None if lines is None else tuple(goods_of(line, known) for line in lines),
        note=row["note"] or {},
        contact=dict(contact) if contact else None,
        cut=len(told) > MOST_TOLD,
    )


def to_told(row: Any) -> Told:
    """A row of store.told."""
    told_at = row["told_at"]
    values = {**row, "told_at": datetime.fromisoformat(told_at) if told_at else None}
    return Told(**values)


def goods_of(line: Mapping[str, Any], known: Mapping[str, Any]) -> Goods:
    """A position of an order beside its article in the catalog."""
    found = known.get(line["sku"] or "") or {}
    return Goods(
        line["sku"],
        line["name"],
        line["quantity"],
        line["price"],
        found.get("entity_id"),
        found.get("state"),
        found.get("reason"),
    )


async def calls_of(pool: Pool, row: Any, shop: Any) -> tuple[Call, ...]:
    """Calls that were about the order, oldest first. A call does not say whose it was once it is
    over, so they are found by what they asked, near the times at which the order changed.
    """
    sides = [shop["source_id"], shop["crm_id"]]
    found: set[int] = set()
    for since, until in spans(row):
        first = await id_at(pool, "call", "created_at", since) or 0
        last = await id_at(pool, "call", "created_at", until)
        ids = (first, NEWEST if last is None else last)
        async with pool.acquire() as connection:
            rows = await store.calls_about(connection, sides, ids, list(asked_about(row)))
        found.update(r["id"] for r in rows)
    return await calls_by_id(pool, sorted(found))


def spans(row: Any) -> Iterable[tuple[datetime, datetime]]:
    """When calls about an order were planned."""
    first, reach = row["first_seen_at"], row["first_seen_at"] + FIRST_HOURS
    yield first - timedelta(seconds=5), reach
    for at in (row["deal_at"], row["compared_at"], row["updated_at"]):
        if at is not None and at > reach:
            yield at - AROUND, at + AROUND


def asked_about(row: Any) -> Iterable[dict[str, Any]]:
    """Parts of the arguments of calls about an order (flows/kaspi_orders/asks.py)."""
    number = str(row["id"])
    yield {"order": row["source_order"]}
    yield {"order_code": row["code"]}
    yield {"leads": [{"request_id": number}]}
    yield {"notes": [{"request_id": number}]}
    if row["phone"]:
        yield {"phone": row["phone"]}
        yield {"contacts": [{"phone": row["phone"]}]}
    if row["lead_id"]:
        yield {"lead_id": row["lead_id"]}
        yield {"leads": [{"id": row["lead_id"]}]}
        yield {"links": [{"lead_id": row["lead_id"]}]}
    for line in row["lines"] or ():
        if line["sku"]:
            yield {"sku": line["sku"]}
            yield {"elements": [{"sku": line["sku"]}]}
