"""Contacts and goods that were searched for, or made."""

from uzel.calls.outcome import Result, State
from uzel.calls.plan import plan
from uzel.flows.kaspi_orders import asks, entity_store, shop_store
from uzel.flows.kaspi_orders.answers import FINAL, answered, reason_of
from uzel.flows.kaspi_orders.asks import Effect
from uzel.flows.kaspi_orders.entity_store import CONTACTS
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.kit.database import Connection


async def on_searched(connection: Connection, effect: Effect, result: Result) -> int | None:
    """One contact or one article was searched for."""
    rows = await entity_store.in_batch(connection, effect.number)
    if not rows:
        return None
    row, data = rows[0], answered(result)
    if data is not None:
        found = data["contacts" if row["catalog_id"] == CONTACTS else "elements"]
        if found:
            first = min(entity["id"] for entity in found)
            await entity_store.known(connection, effect.number, {row["key"]: first})
        else:
            await entity_store.put_back(connection, effect.number, "absent")
    elif result.state in FINAL:
        await entity_store.refuse(connection, effect.number, reason_of(result))
    else:
        await entity_store.put_back(connection, effect.number, "wanted")
    return int(row["crm_id"])


async def on_catalog(connection: Connection, effect: Effect, result: Result) -> int | None:
    """A page of a catalog was read: it answers for all SKUs that waited for it."""
    rows = await entity_store.in_batch(connection, effect.number)
    if not rows:
        return None
    crm_id, catalog_id = int(rows[0]["crm_id"]), int(rows[0]["catalog_id"])
    data = answered(result)
    if data is None:
        await entity_store.put_back(connection, effect.number, "wanted")
        return crm_id
    wanted = {row["key"] for row in rows}
    found: dict[str, int] = {}
    for element in sorted(data["elements"], key=lambda e: e["id"]):
        if element["sku"] in wanted:
            found.setdefault(element["sku"], element["id"])
    await entity_store.known(connection, effect.number, found)
    settings = await settings_of(connection, crm_id, catalog_id)
    if data["more"] and len(found) < len(wanted) and settings is not None:
        page = effect.rest[0] + 1
        await plan(connection, [asks.list_elements(crm_id, effect.number, page, settings)])
        return None
    await entity_store.put_back(connection, effect.number, "absent")
    return crm_id


async def settings_of(connection: Connection, crm_id: int, catalog_id: int) -> ShopSettings | None:
    """Of a shop that keeps its goods there."""
    for shop in await shop_store.of_crm(connection, crm_id):
        settings = ShopSettings.model_validate(shop["settings"])
        if settings.catalog_id == catalog_id:
            return settings
    return None


async def on_entities(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Contacts or goods were made, some of them perhaps: who is left over is searched for before
    it is made again.
    """
    rows = await entity_store.in_batch(connection, effect.number)
    if not rows:
        return None
    data = answered(result)
    if data is not None:
        await entity_store.known(connection, effect.number, data["ids"])
        await entity_store.put_back(connection, effect.number, "wanted")
    elif result.state is State.REJECTED and len(rows) > 1:
        half = max(1, min(len(rows), rows[0]["together"]) // 2)
        await entity_store.put_back(connection, effect.number, "absent", half)
    elif result.state in FINAL:
        await entity_store.refuse(connection, effect.number, reason_of(result))
    else:
        await entity_store.put_back(connection, effect.number, "wanted")
    return int(rows[0]["crm_id"])
