"""What a marketplace told of its orders is written down; the deals follow from that."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from uzel.events.event import Decision, Event
from uzel.flows.kaspi_orders import order_store, shop_store, task_store
from uzel.jobs.queue import enqueue
from uzel.kit.database import Connection
from uzel.model.order import Order
from uzel.model.phone import PhoneRejected, parse_phone

# The job that plans what a CRM is asked; its payload is the CRM's connection.
WAKE = "orders"
NOTED, SKIP = "noted", "skip"


async def on_told(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `order.told`."""
    found = await shop_store.by_sources(connection, sorted({e.connection.id for e in events}))
    shops = {shop["source_id"]: shop for shop in found}
    decisions: list[Decision] = []
    newest: dict[tuple[int, str], Event] = {}
    for event in sorted(events, key=told_at):
        shop, order = shops.get(event.connection.id), order_of(event)
        if (reason := obstacle(shop, order)) is not None:
            decisions.append(Decision(event.id, SKIP, reason))
            continue
        assert shop is not None
        earlier = newest.get((shop["id"], order.code))
        if earlier is not None:
            decisions.append(Decision(earlier.id, SKIP, "order_superseded"))
        newest[shop["id"], order.code] = event
    return decisions + await take(connection, shops, newest)


def obstacle(shop: Any, order: Order) -> str | None:
    """Why nothing follows from an order, None where something does."""
    if shop is None:
        return "no_shop"
    if shop["state"] == "off":
        return "shop_off"
    ordered_at = time_of(order.created_at)
    if ordered_at is not None and ordered_at < shop["since"]:
        return "before_start"
    return None


async def take(
    connection: Connection, shops: dict[int, Any], newest: dict[tuple[int, str], Event]
) -> list[Decision]:
    """Write the newest version of each order down."""
    if not newest:
        return []
    before = await order_store.known(connection, list(newest))
    rows = [row_of(shops[e.connection.id], e, before.get(k)) for k, e in sorted(newest.items())]
    put = await order_store.put(connection, rows)
    written = {(row["shop_id"], row["code"]): row for row in put}
    decisions = []
    for key, event in newest.items():
        old, row = before.get(key), written.get(key)
        if old is None:
            decisions.append(Decision(event.id, NOTED, "order_new"))
        elif row is None:
            # Whatever Kaspi says now is to be stored, though it were this once more.
            await task_store.forget_seen(connection, key[0], [key[1]])
            decisions.append(Decision(event.id, SKIP, "order_outdated"))
        elif same(old, order_of(event)):
            decisions.append(Decision(event.id, SKIP, "order_unchanged"))
        else:
            decisions.append(Decision(event.id, NOTED, "order_changed"))
    for crm_id in sorted({shop["crm_id"] for shop in shops.values()}):
        await enqueue(connection, WAKE, crm_id)
    return decisions


def same(old: Any, order: Order) -> bool:
    """Whether an order is as it was."""
    total = Decimal(order.total) if order.total is not None else None
    lines = with_articles(lines_of(order), old["lines"])
    return (old["status"], old["total"]) == (order.status, total) and (
        lines is None or lines == old["lines"]
    )


def order_of(event: Event) -> Order:
    """The typed content of the event."""
    assert isinstance(event.element.data, Order)
    return event.element.data


def told_at(event: Event) -> datetime:
    """When the marketplace said this."""
    return time_of(order_of(event).told_at) or event.received_at


def time_of(text: str | None) -> datetime | None:
    """The moment an order tells, aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def lines_of(order: Order) -> list[dict[str, Any]] | None:
    """The positions as they are kept; of which nothing is left in the order is none."""
    if order.lines is None:
        return None
    return [
        {
            "line": line.line,
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "price": line.price,
            "total": line.total,
            "product": line.product,
        }
        for line in order.lines
        if Decimal(line.quantity) > 0
    ]


def row_of(shop: Any, event: Event, before: Any) -> tuple[Any, ...]:
    """The columns of `order_store.PUT`; `before`: the order as it was known, or None."""
    order = order_of(event)
    lines, ordered_at = lines_of(order), time_of(order.created_at)
    if before is not None:
        lines = with_articles(lines, before["lines"])
    return (
        shop["id"],
        order.code,
        event.id,
        order.order,
        order.status,
        order.state,
        order.currency,
        order.total,
        phone_of(order),
        order.first_name,
        order.last_name,
        ordered_at,
        told_at(event),
        order.note or {},
        # An array of arrays is no array of JSON to the database's driver.
        {"lines": lines} if lines is not None else None,
        first_step(shop, lines, ordered_at),
    )


def with_articles(
    lines: list[dict[str, Any]] | None, before: list[dict[str, Any]] | None
) -> list[dict[str, Any]] | None:
    """Positions with the articles that were asked for before."""
    told = {line["line"]: line for line in before or () if line["product"] is None}
    return lines and [
        {**line, **{name: told[line["line"]][name] for name in ("sku", "name", "product")}}
        if not known(line) and line["line"] in told
        else line
        for line in lines
    ]


def known(line: dict[str, Any]) -> bool:
    """Whether an article is named, or nobody could name it."""
    return line["sku"] is not None or line["product"] is None


def first_step(shop: Any, lines: list[Any] | None, ordered_at: datetime | None) -> str:
    """Where an order begins. One made before the shop was switched on may have a deal already."""
    if lines is None or not all(known(line) for line in lines):
        return "lines"
    if ordered_at is not None and ordered_at < shop["switched_on_at"]:
        return "finding"
    return "waiting"


def phone_of(order: Order) -> str | None:
    """The buyer's phone; some come masked."""
    if order.phone is None:
        return None
    try:
        return parse_phone(order.phone, region="KZ").e164
    except PhoneRejected:
        return None
