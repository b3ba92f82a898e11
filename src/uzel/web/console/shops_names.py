"""What stages and goods are called in amoCRM, for the differences a page shows."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from uzel.connections.registry import Active
from uzel.views import shops_store as store
from uzel.views.shops import OrderRow
from uzel.web.console.desk import Desk
from uzel.web.console.shops_desk import Shop
from uzel.web.console.shops_lists import read_lists

# Stages are seldom renamed, and a page does not wait long for what they are called.
FRESH_FOR_S, AGAIN_AFTER_S = 600.0, 60.0
WITHIN_S = 2.0
SIDES = ("order", "deal")


@dataclass(slots=True)
class Stages:
    """CRM → when they were asked for, and `pipeline:stage` → name."""

    known: dict[int, tuple[float, Mapping[str, str]]] = field(default_factory=dict)


async def names_in(desk: Desk, shop: Shop, orders: Iterable[OrderRow]) -> dict[str, str]:
    """`pipeline:stage` and `element` → its name, of all that differs in these orders."""
    differ = [order.difference for order in orders if order.difference]
    names: dict[str, str] = {}
    if any("stage" in one for one in differ):
        names |= await stage_names(desk, shop.row["crm_id"], shop.crm)
    sides = [one["goods"][side] or {} for one in differ if "goods" in one for side in SIDES]
    elements = sorted({int(element) for goods in sides for element in goods})
    if elements and shop.settings.catalog_id is not None:
        crm_id, catalog_id = shop.row["crm_id"], shop.settings.catalog_id
        async with desk.deps.pool.acquire() as connection:
            rows = await store.articles(connection, crm_id, catalog_id, elements)
        names |= {str(row["entity_id"]): row["key"] for row in rows}
    return names


async def stage_names(desk: Desk, crm_id: int, crm: Active | None) -> Mapping[str, str]:
    """`pipeline:stage` → name; what is known of them where amoCRM does not answer at once."""
    stages: Stages = desk.request.app.state.stages
    now = time.monotonic()
    asked_at, names = stages.known.get(crm_id, (-FRESH_FOR_S, {}))
    if now - asked_at >= (FRESH_FOR_S if names else AGAIN_AFTER_S):
        lists = await read_lists(desk, crm, {"pipelines": {}}, WITHIN_S)
        names = lists.stage_names or names
        stages.known[crm_id] = (now, names)
    return names
