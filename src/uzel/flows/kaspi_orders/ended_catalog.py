"""A catalog that was read for the goods of orders."""

from uzel.calls.effect import Effect
from uzel.calls.ended import answered
from uzel.calls.outcome import Result
from uzel.calls.plan import plan
from uzel.entities import store as entity_store
from uzel.flows.kaspi_orders import asks, shop_store
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.kit.database import Connection


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
