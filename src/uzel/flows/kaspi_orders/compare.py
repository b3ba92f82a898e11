"""An order beside its deal: what differs, and what of it is ours to change.

What we set last and find unchanged is ours; what a person changed since is kept, and shown. In a
deal that was there before us only what is empty is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from uzel.flows.kaspi_orders import articles, asks, compare_store
from uzel.flows.kaspi_orders.compare_store import Settled
from uzel.flows.kaspi_orders.settings import ShopSettings, rank_of, split_stage, stage_text
from uzel.kit.database import Connection


@dataclass(slots=True)
class Comparison:
    """difference  field → {"order", "deal", "kept"}; `kept`: a person's word, left as it is
    lead           what is set anew: `pipeline_id`, `status_id`, `price`
    unlink, link   {element: quantity} that go out of the deal and come into it
    is_whole       nothing is left for another time
    """

    difference: dict[str, dict[str, Any]] = field(default_factory=dict)
    lead: dict[str, int] = field(default_factory=dict)
    unlink: dict[str, str] = field(default_factory=dict)
    link: dict[str, str] = field(default_factory=dict)
    is_whole: bool = True


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
    if settings.catalog_id is not None and order["lines"] is not None:
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
    """A budget that we never set (the deal was there already) stays, unless it is empty."""
    wanted, current = asks.price_of(order["total"]), lead.get("price") or 0
    if wanted is None or wanted == current:
        return
    kept = current != (order["lead_price"] or 0)
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
    current = goods_in(lead, catalog_id)
    if current == wanted:
        return
    kept = current != (order["lead_goods"] or {})
    found.difference["goods"] = {"order": wanted, "deal": current, "kept": kept}
    if not kept:
        # Whether linking anew sets a quantity or adds to it is not documented: out, then in.
        out = [element for element, n in current.items() if wanted.get(element) != n]
        later = out[asks.MOST_LINKS :]
        come = [e for e, n in wanted.items() if current.get(e) != n and e not in later]
        found.unlink.update({e: current[e] for e in out[: asks.MOST_LINKS]})
        found.link.update({e: wanted[e] for e in come[: asks.MOST_LINKS]})
        found.is_whole = len(out) <= asks.MOST_LINKS and len(come) <= asks.MOST_LINKS


def goods_in(lead: Mapping[str, Any], catalog_id: int) -> dict[str, str]:
    """{element: quantity} of a deal."""
    return {
        str(element["id"]): str(element["quantity"])
        for element in lead.get("elements") or ()
        if element["catalog_id"] in (catalog_id, None)
    }


async def settle(connection: Connection, shop: Any, order: Any, lead: Mapping[str, Any]) -> None:
    """Write down what differs, and what is to be changed."""
    settings = ShopSettings.model_validate(shop["settings"])
    known = await articles.look(connection, shop["crm_id"], settings.catalog_id, [order])
    if not articles.is_settled(known, settings.catalog_id, order):
        # Articles that came into the order later: compared again once they are known.
        await compare_store.wait_for_goods(connection, order["id"])
        return
    wanted = known.wanted(order)
    found = compare(settings, order, lead, wanted)
    changes = {
        **({"lead": found.lead} if found.lead else {}),
        **({"unlink": links(found.unlink, settings.catalog_id)} if found.unlink else {}),
        **({"link": links(found.link, settings.catalog_id)} if found.link else {}),
    }
    settled = Settled(
        told_at=order["told_at"] if found.is_whole else None,
        difference=found.difference or None,
        changes=changes or None,
        reason=known.reason(order),
        price=asks.price_of(order["total"]) if "price" not in found.difference else None,
        goods=wanted if "goods" not in found.difference and order["lines"] is not None else None,
        is_new=settings.note and is_new(order),
    )
    await compare_store.settle(connection, order["id"], settled)


def is_new(order: Mapping[str, Any]) -> bool:
    """Whether an order consists of something else than its last note told."""
    told, lines = order["noted_lines"], order["lines"]
    return told is not None and lines is not None and composition(told) != composition(lines)


def composition(lines: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """How much of what; how it is spread over positions says nothing."""
    found: dict[str, Decimal] = {}
    for line in lines:
        what = line["sku"] or line["name"] or line["line"]
        found[what] = found.get(what, Decimal(0)) + Decimal(line["quantity"])
    return found


def links(goods: Mapping[str, str], catalog_id: int | None) -> list[dict[str, Any]]:
    """As `link_elements` takes them, but for the deal."""
    return [
        {"element_id": int(element), "catalog_id": catalog_id, "quantity": quantity}
        for element, quantity in goods.items()
    ]
