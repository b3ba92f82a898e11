"""An order beside its deal: what differs, and what of it is ours to change.

What we set last and find unchanged is ours; what a person changed since is kept, and shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from uzel.flows.kaspi_orders import asks, detail_store, entity_store
from uzel.flows.kaspi_orders.settings import ShopSettings, rank_of, split_stage, stage_text
from uzel.kit.database import Connection


@dataclass(frozen=True, slots=True)
class Comparison:
    """difference  field → {"order", "deal", "kept"}; `kept`: a person's word, left as it is
    lead           what is set anew: `pipeline_id`, `status_id`, `price`
    unlink, link   {element: quantity} that go out of the deal and come into it
    """

    difference: dict[str, dict[str, Any]] = field(default_factory=dict)
    lead: dict[str, int] = field(default_factory=dict)
    unlink: dict[str, str] = field(default_factory=dict)
    link: dict[str, str] = field(default_factory=dict)


def compare(
    settings: ShopSettings,
    order: Mapping[str, Any],
    lead: Mapping[str, Any],
    wanted: dict[str, str],
) -> Comparison:
    """`order`: its row; `lead`: as `read_lead` gives it; `wanted`: {element: quantity}."""
    found = Comparison()
    compare_stage(found, settings, order, lead)
    compare_price(found, order, lead)
    if settings.catalog_id is not None:
        compare_goods(found, settings.catalog_id, order, lead, wanted)
    return found


def compare_stage(
    found: Comparison, settings: ShopSettings, order: Mapping[str, Any], lead: Mapping[str, Any]
) -> None:
    target = settings.stage_of(order["state"])
    current = stage_text(lead.get("pipeline_id"), lead.get("status_id"))
    if target is None or current is None or current == stage_text(*target):
        return
    wanted = f"{target[0]}:{target[1]}"
    move = may_move(settings, current, order["lead_stage"], wanted)
    found.difference["stage"] = {"order": wanted, "deal": current, "kept": not move}
    if move:
        found.lead.update(pipeline_id=target[0], status_id=target[1])


def may_move(settings: ShopSettings, current: str, ours: str | None, wanted: str) -> bool:
    """Whether a deal follows its order: where we put it ourselves, or forward in its pipeline. One
    that a person moved further, closed, or took to another pipeline stays.
    """
    if current == ours:
        return True
    if split_stage(current)[0] != split_stage(wanted)[0]:
        return False
    now, then = rank_of(settings, current), rank_of(settings, wanted)
    return now is not None and then is not None and then > now


def compare_price(found: Comparison, order: Mapping[str, Any], lead: Mapping[str, Any]) -> None:
    wanted, current = asks.price_of(order["total"]), lead.get("price")
    if wanted is None or current is None or wanted == current:
        return
    kept = order["lead_price"] is not None and current != order["lead_price"]
    found.difference["price"] = {"order": wanted, "deal": current, "kept": kept}
    if not kept:
        found.lead["price"] = wanted


def compare_goods(
    found: Comparison,
    catalog_id: int,
    order: Mapping[str, Any],
    lead: Mapping[str, Any],
    wanted: dict[str, str],
) -> None:
    current = {
        str(element["id"]): str(element["quantity"])
        for element in lead.get("elements") or ()
        if element["catalog_id"] in (catalog_id, None)
    }
    if current == wanted:
        return
    kept = current != (order["lead_goods"] or {})
    found.difference["goods"] = {"order": wanted, "deal": current, "kept": kept}
    if not kept:
        # Whether linking anew sets a quantity or adds to it is not documented: out, then in.
        found.unlink.update({e: q for e, q in current.items() if wanted.get(e) != q})
        found.link.update({e: q for e, q in wanted.items() if current.get(e) != q})


async def settle(connection: Connection, shop: Any, order: Any, lead: Mapping[str, Any]) -> None:
    """Write down what differs, and what is to be changed."""
    settings = ShopSettings.model_validate(shop["settings"])
    skus = sorted({line["sku"] for line in order["lines"] or () if line["sku"]})
    catalog_id, ids = settings.catalog_id, {}
    if catalog_id is not None:
        ids = await entity_store.ids(connection, shop["crm_id"], catalog_id, skus)
    missing = catalog_id is not None and [sku for sku in skus if sku not in ids]
    wanted = asks.goods_of(order["lines"], ids)
    if missing:
        # Articles that came into the order later: compared again once they are known.
        assert catalog_id is not None
        names = {line["sku"]: line for line in order["lines"]}
        await entity_store.want(
            connection,
            [
                (
                    shop["crm_id"],
                    catalog_id,
                    sku,
                    {"name": names[sku]["name"], "price": names[sku]["price"]},
                )
                for sku in missing
            ],
        )
        await detail_store.wait_for_goods(connection, order["id"])
        return
    found = compare(settings, order, lead, wanted)
    changes = {
        **({"lead": found.lead} if found.lead else {}),
        **({"unlink": links(found.unlink, catalog_id)} if found.unlink else {}),
        **({"link": links(found.link, catalog_id)} if found.link else {}),
    }
    await detail_store.settle_comparison(
        connection, order["id"], order["told_at"], found.difference or None, changes or None
    )


def links(goods: Mapping[str, str], catalog_id: int | None) -> list[dict[str, Any]]:
    """As `link_elements` takes them, but for the deal."""
    return [
        {"element_id": int(element), "catalog_id": catalog_id, "quantity": quantity}
        for element, quantity in goods.items()
    ]
