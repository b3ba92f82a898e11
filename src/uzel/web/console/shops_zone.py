"""The time zone of a shop's business: asked for before the shop begins."""

from collections.abc import Mapping
from typing import Any

from uzel.connections import business_store
from uzel.people.store import note
from uzel.web.console.desk import Desk
from uzel.web.console.shops_desk import Shop
from uzel.web.console.typed import Typed
from uzel.web.console.zones import zones_with

# What a business has that nobody asked, and where Kaspi's shops are.
UNASKED, KASPIS = "Europe/Moscow", "Asia/Almaty"


def zone_words(desk: Desk, shop: Shop) -> Mapping[str, Any]:
    """What the page shows: the zone that is set, the one proposed, all there are."""
    business = next(it for it in desk.businesses if it.id == shop.row["business_id"])
    zone = business.zone.key
    proposed = KASPIS if zone == UNASKED else zone
    return {"zone_now": zone, "zone_proposed": proposed, "zones": zones_with(zone, proposed)}


async def save_zone(desk: Desk, shop: Shop, typed: Typed) -> None:
    """Give the business the zone that was chosen, if one was."""
    if not (zone := typed.zone("zone", needed=False)) or typed.wrong:
        return
    business = next(it for it in desk.businesses if it.id == shop.row["business_id"])
    if zone == business.zone.key:
        return
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await business_store.save_business(connection, business.id, business.name, zone)
        said = {"name": business.name, "time_zone": zone}
        await note(connection, desk.person.login, "change", f"business:{business.id}", said)
