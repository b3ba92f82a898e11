"""What belongs to a deal beside itself: its goods, a note of what was ordered, later changes."""

from collections.abc import Sequence
from typing import Any

from uzel.calls.plan import Plan
from uzel.flows.kaspi_orders import asks, detail_store, entity_store
from uzel.flows.kaspi_orders.asks import Effect
from uzel.flows.kaspi_orders.note import note_text
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.kit.database import Connection

MOST_TOGETHER = 50
# Links in one request; amoCRM takes 250.
MOST_LINKS = 200
LOOKS = 20
PARTS = ("lead", "unlink", "link")


async def plans(connection: Connection, shop: Any, settings: ShopSettings) -> list[Plan]:
    """Goods and notes of new deals, comparisons and changes of older ones."""
    return [
        *await goods(connection, shop, settings),
        *await notes(connection, shop, settings),
        *await comparisons(connection, shop),
        *await changes(connection, shop),
    ]


async def goods(connection: Connection, shop: Any, settings: ShopSettings) -> list[Plan]:
    """Link the goods of new deals."""
    orders = await detail_store.without(connection, shop["id"], "goods", MOST_TOGETHER)
    links, wanted = await links_of(connection, shop, orders, settings)
    nothing = [order["id"] for order in orders if not wanted[order["id"]]]
    await detail_store.done(connection, "goods", nothing)
    taken: list[int] = []
    room: list[dict[str, Any]] = []
    for order in orders:
        mine = [link for link in links if link["lead_id"] == order["lead_id"]]
        if mine and (not room or len(room) + len(mine) <= MOST_LINKS):
            room += mine
            taken.append(order["id"])
    if not taken:
        return []
    batch = await entity_store.next_batch(connection)
    await detail_store.asked(connection, "goods", taken, batch)
    await detail_store.goods_set(connection, {order: wanted[order] for order in taken})
    return [asks.link_goods(shop["crm_id"], Effect("goods", batch), room)]


async def links_of(
    connection: Connection, shop: Any, orders: Sequence[Any], settings: ShopSettings
) -> tuple[list[dict[str, Any]], dict[int, dict[str, str]]]:
    """The links that orders want, and per order {element: quantity}."""
    catalog_id = settings.catalog_id
    skus = {line["sku"] for order in orders for line in order["lines"] or () if line["sku"]}
    ids = (
        await entity_store.ids(connection, shop["crm_id"], catalog_id, sorted(skus))
        if catalog_id is not None
        else {}
    )
    wanted = {order["id"]: asks.goods_of(order["lines"], ids) for order in orders}
    links = [
        {
            "lead_id": order["lead_id"],
            "element_id": int(element),
            "catalog_id": catalog_id,
            "quantity": quantity,
        }
        for order in orders
        for element, quantity in wanted[order["id"]].items()
    ]
    return links, wanted


async def notes(connection: Connection, shop: Any, settings: ShopSettings) -> list[Plan]:
    """Write what was ordered into the feed of new deals."""
    orders = await detail_store.without(connection, shop["id"], "note", MOST_TOGETHER)
    ids = [order["id"] for order in orders]
    if not settings.note:
        await detail_store.done(connection, "note", ids)
    if not settings.note or not orders:
        return []
    batch = await entity_store.next_batch(connection)
    await detail_store.asked(connection, "note", ids, batch)
    written = [
        {"request_id": str(order["id"]), "lead_id": order["lead_id"], "text": note_text(order)}
        for order in orders
    ]
    return [asks.add_notes(shop["crm_id"], batch, written)]


async def comparisons(connection: Connection, shop: Any) -> list[Plan]:
    """Read the deals whose orders changed."""
    found = []
    for order in await detail_store.to_compare(connection, shop["id"], LOOKS):
        batch = await entity_store.next_batch(connection)
        await detail_store.reading(connection, order["id"], batch)
        found.append(asks.read_deal(shop["crm_id"], batch, order["lead_id"]))
    return found


async def changes(connection: Connection, shop: Any) -> list[Plan]:
    """Have the deals follow their orders: stages and sums, then goods out, then goods in."""
    found = []
    for part in PARTS:
        orders = await detail_store.to_change(connection, shop["id"], part, MOST_TOGETHER)
        if not orders:
            continue
        orders = orders[: orders[0]["together"]]
        batch = await entity_store.next_batch(connection)
        await detail_store.take(connection, [order["id"] for order in orders], batch)
        if part == "lead":
            leads = [{"id": order["lead_id"], **order["part"]} for order in orders]
            found.append(asks.change_deals(shop["crm_id"], batch, leads))
            continue
        links = [
            {"lead_id": order["lead_id"], **link} for order in orders for link in order["part"]
        ]
        ask = asks.unlink_goods if part == "unlink" else asks.link_goods
        found.append(ask(shop["crm_id"], Effect(f"{part}ing", batch), links))
    return found
