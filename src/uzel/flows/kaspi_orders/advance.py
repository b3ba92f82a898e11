"""What a CRM is asked next, for all shops that make deals in it: one transaction, no network.

Calls are planned here and nowhere else, by one process at a time. Whatever can share a call does:
those that are ready wait a few seconds for company while others are on their way to be.
"""

from collections.abc import Sequence
from typing import Any

from uzel.calls.plan import Plan, plan
from uzel.entities import contacts
from uzel.entities import store as entity_store
from uzel.entities.store import CONTACTS
from uzel.entities.together import HOLD_S, MOST_TOGETHER, SEARCHES, to_make
from uzel.flows.kaspi_orders import (
    asks,
    detail_store,
    details,
    line_store,
    order_store,
    shop_store,
)
from uzel.flows.kaspi_orders.settings import ShopSettings, stage_text
from uzel.kit.database import Connection, Pool

LINES_AT_ONCE = 20
# So often positions are asked for that Kaspi does not tell, or not so that they can be read: for
# about a minute.
MOST_TRIES = 4
UNREADABLE = "it tells none that can be read"
# So many SKUs are searched for one by one; for more the whole catalog is read.
FEW_SKUS = 3


async def advance(pool: Pool, crm_id: int) -> None:
    """Plan what is due for one CRM; handler of the `orders` job."""
    async with pool.acquire() as connection, connection.transaction():
        await plan_next(connection, crm_id)


async def advance_all(pool: Pool) -> None:
    """The same for every CRM: what waited for company, and what a lost wake left behind."""
    for crm_id in sorted({shop["crm_id"] for shop in await shop_store.every(pool)}):
        await advance(pool, crm_id)


async def plan_next(connection: Connection, crm_id: int) -> None:
    """The same in the caller's transaction."""
    await entity_store.lock_crm(connection, crm_id)
    shops = [shop for shop in await shop_store.of_crm(connection, crm_id) if shop["state"] == "on"]
    settings = {shop["id"]: ShopSettings.model_validate(shop["settings"]) for shop in shops}
    plans: list[Plan] = []
    for shop in shops:
        mine = settings[shop["id"]]
        plans += await details.plans(connection, shop, mine)
        plans += await prepare(connection, shop, mine)
    catalogs = {s.catalog_id: s for s in settings.values() if s.catalog_id is not None}
    if settings:
        responsible = next(iter(settings.values())).responsible_user_id
        plans += await contacts.plans(connection, crm_id, asks.OWNER, responsible)
    for each in catalogs.values():
        plans += await goods(connection, crm_id, each)
    for shop in shops:
        plans += await deals(connection, shop, settings[shop["id"]])
    await plan(connection, plans)


async def prepare(connection: Connection, shop: Any, settings: ShopSettings) -> list[Plan]:
    """Ask for positions nobody told, look for deals that may be there, and note whom and what the
    waiting orders need.
    """
    plans = []
    for order in await line_store.wanted(connection, shop["id"], LINES_AT_ONCE):
        if order["lines"] is None and order["lines_tries"] >= MOST_TRIES:
            await line_store.go_without(connection, [order["id"]], UNREADABLE)
            continue
        batch = await entity_store.next_batch(connection)
        await order_store.take(connection, [order["id"]], batch)
        plans.append(asks.ask_lines(shop["source_id"], batch, order))
    for order in await order_store.in_step(connection, shop["id"], "finding", SEARCHES):
        batch = await entity_store.next_batch(connection)
        await order_store.take(connection, [order["id"]], batch)
        plans.append(asks.find_deal(shop["crm_id"], batch, order, settings))
    needed = await order_store.needs(
        connection, shop["id"], shop["crm_id"], settings.catalog_id or CONTACTS
    )
    await entity_store.want(
        connection,
        [(shop["crm_id"], row["catalog_id"], row["key"], row["data"]) for row in needed],
    )
    return plans


async def goods(connection: Connection, crm_id: int, settings: ShopSettings) -> list[Plan]:
    """The same for goods. One reading of a catalog answers for all SKUs."""
    catalog_id = settings.catalog_id or CONTACTS
    counts = await entity_store.counts(connection, crm_id, catalog_id)
    plans: list[Plan] = []
    wanted = counts.get("wanted", 0)
    if 0 < wanted <= FEW_SKUS:
        rows = await entity_store.take_each(connection, crm_id, catalog_id, FEW_SKUS)
        plans += [asks.find_element(crm_id, row["batch"], row["key"], settings) for row in rows]
    elif wanted:
        batch = await entity_store.next_batch(connection)
        step = ("wanted", "searching")
        await entity_store.take_all(connection, crm_id, catalog_id, step, wanted, 0, batch)
        plans.append(asks.list_elements(crm_id, batch, 1, settings))
    batch, absent = await to_make(connection, crm_id, catalog_id, counts)
    if absent:
        plans.append(asks.create_elements(crm_id, batch, absent, settings))
    return plans


async def deals(connection: Connection, shop: Any, settings: ShopSettings) -> list[Plan]:
    """Make the deals of the orders that are ready."""
    ready = await order_store.ready(
        connection, shop["id"], shop["crm_id"], settings.catalog_id or CONTACTS
    )
    plans: list[Plan] = []
    while ready:
        most = min(MOST_TOGETHER, ready[0]["together"])
        together = [order for order in ready if order["together"] >= most][:most]
        if len(together) < most and await company_comes(connection, shop, ready):
            break
        batch = await entity_store.next_batch(connection)
        await order_store.take(connection, [o["id"] for o in together], batch, "making")
        await note_given(connection, together, settings)
        plans.append(asks.create_deals(shop["crm_id"], batch, together, settings))
        ready = await order_store.ready(
            connection, shop["id"], shop["crm_id"], settings.catalog_id or CONTACTS
        )
    return plans


async def company_comes(connection: Connection, shop: Any, ready: Sequence[Any]) -> bool:
    """Whether other orders will be ready soon, and the first of these has time to wait for them."""
    if await order_store.waiting(connection, shop["id"]) <= len(ready):
        return False
    return not await order_store.has_waited(connection, ready[0]["id"], HOLD_S)


async def note_given(connection: Connection, orders: Sequence[Any], settings: ShopSettings) -> None:
    """What their deals are made with: what a person changes later differs from it."""
    leads = [asks.lead_of(order, settings) for order in orders]
    await detail_store.note_deals(
        connection,
        [order["id"] for order in orders],
        [stage_text(lead["pipeline_id"], lead["status_id"]) for lead in leads],
        [lead["price"] for lead in leads],
    )
