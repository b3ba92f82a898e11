"""What belongs to a deal beside itself: its goods, a note of what was ordered, later changes."""

from collections.abc import Mapping, Sequence, Sized
from typing import Any

from uzel.calls.plan import Plan
from uzel.entities import store as entity_store
from uzel.entities.together import MOST_TOGETHER
from uzel.flows.kaspi_orders import articles, asks, compare_store, detail_store
from uzel.flows.kaspi_orders.asks import MOST_LINKS
from uzel.flows.kaspi_orders.compare import links
from uzel.flows.kaspi_orders.note import changed_text, note_text
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.kit.database import Connection

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
    """Link the goods of new deals, those of one deal in several calls if it has so many."""
    catalog_id = settings.catalog_id
    orders = await detail_store.without_goods(connection, shop["id"], MOST_TOGETHER)
    found = await articles.look(connection, shop["crm_id"], catalog_id, orders)
    orders = [order for order in orders if articles.is_settled(found, catalog_id, order)]
    rest = {order["id"]: still(found.wanted(order), order["lead_goods"]) for order in orders}
    for order in orders:
        if not rest[order["id"]]:
            reason = order["reason"] or found.reason(order)
            await detail_store.done(connection, "goods", [order["id"]], reason)
    plans = []
    for company in companies([o for o in orders if rest[o["id"]]], sizes(rest)):
        batch = await entity_store.next_batch(connection)
        asked = {order["id"]: rest[order["id"]] for order in company}
        await detail_store.asked_goods(connection, batch, asked)
        together = [
            {"lead_id": order["lead_id"], **link}
            for order in company
            for link in links(asked[order["id"]], catalog_id)
        ]
        plans.append(asks.link_goods(shop["crm_id"], asks.effect_of("goods", batch), together))
    return plans


def still(wanted: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """The goods that are not in a deal yet, as many as go into one call."""
    missing = [(element, n) for element, n in wanted.items() if element not in there]
    return dict(missing[:MOST_LINKS])


def sizes(parts: Mapping[int, Sized]) -> dict[int, int]:
    """How many links each order brings along."""
    return {order: len(part) for order, part in parts.items()}


def companies(orders: Sequence[Any], links_of: Mapping[int, int]) -> list[list[Any]]:
    """Who shares a call: with nobody more others than is good for it (`together`), and no more
    links than one call takes.
    """
    found: list[list[Any]] = []
    taken = 0
    for order in sorted(orders, key=lambda order: (-order["together"], order["id"])):
        mine = links_of.get(order["id"], 0)
        if not found or len(found[-1]) >= order["together"] or taken + mine > MOST_LINKS:
            found.append([])
            taken = 0
        found[-1].append(order)
        taken += mine
    return found


async def notes(connection: Connection, shop: Any, settings: ShopSettings) -> list[Plan]:
    """Write what was ordered into the feed of new deals, and of others what is ordered now."""
    orders = await detail_store.without_note(connection, shop["id"], MOST_TOGETHER)
    if not settings.note:
        await detail_store.done(connection, "note", [order["id"] for order in orders])
        return []
    plans = []
    for company in companies(orders, {}):
        batch = await entity_store.next_batch(connection)
        await detail_store.asked_note(connection, batch, [order["id"] for order in company])
        written = [
            {"request_id": str(order["id"]), "lead_id": order["lead_id"], "text": words(order)}
            for order in company
        ]
        plans.append(asks.add_notes(shop["crm_id"], batch, written))
    return plans


def words(order: Any) -> str:
    """The first note tells the order, others what it consists of by then."""
    return note_text(order) if order["noted_lines"] is None else changed_text(order)


async def comparisons(connection: Connection, shop: Any) -> list[Plan]:
    """Read the deals whose orders changed."""
    found = []
    for order in await compare_store.wanted(connection, shop["id"], LOOKS):
        batch = await entity_store.next_batch(connection)
        await compare_store.reading(connection, order["id"], batch)
        found.append(
            asks.read_deal(shop["crm_id"], asks.effect_of("look", batch), order["lead_id"])
        )
    return found


async def changes(connection: Connection, shop: Any) -> list[Plan]:
    """Have the deals follow their orders: stages and sums, then goods out, then goods in."""
    found = []
    for part in PARTS:
        orders = await compare_store.to_change(connection, shop["id"], part, MOST_TOGETHER)
        counts = {} if part == "lead" else {order["id"]: len(order["part"]) for order in orders}
        for company in companies(orders, counts):
            batch = await entity_store.next_batch(connection)
            await compare_store.take(connection, [order["id"] for order in company], batch)
            found.append(change(shop["crm_id"], part, batch, company))
    return found


def change(crm_id: int, part: str, batch: int, orders: Sequence[Any]) -> Plan:
    """One call that changes these deals."""
    if part == "lead":
        leads = [{"id": order["lead_id"], **order["part"]} for order in orders]
        return asks.change_deals(crm_id, batch, leads)
    together = [{"lead_id": order["lead_id"], **link} for order in orders for link in order["part"]]
    ask = asks.unlink_goods if part == "unlink" else asks.link_goods
    return ask(crm_id, asks.effect_of(f"{part}ing", batch), together)
