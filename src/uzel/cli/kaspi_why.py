"""`kaspi why`: why an order is not in the CRM, or what becomes of it."""

import argparse
import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from uzel.cli.kaspi_words import moment, print_json
from uzel.cli.shops_meant import meant
from uzel.errors import CallFailed, ConfigError

# A command does not wait long for what stages are called.
NAMES_WITHIN_S = 5.0
SIDES = ("order", "deal")
# The answer tells of it in words.
DELETED = "deal_gone"


def run_why(parsed: argparse.Namespace) -> int:
    """`uzel kaspi why CODE [--shop N]`: 0 where the order is known or was fetched just now."""
    from uzel.flows.kaspi_orders.why import FETCHED, KNOWN, look
    from uzel.session import with_parts

    async def work(parts: Any) -> list[dict[str, Any]]:
        answers = []
        for shop in await meant(parts, parsed.shop):
            told = await look(parts.pool, parts.registry, parts.reach, shop, parsed.code)
            answers.append({**told, "names": await names_in(parts, shop, told["order"])})
        return answers

    found = with_parts(work, quiet=parsed.json)
    there = [each for each in found if each["verdict"] in (KNOWN, FETCHED)]
    for each in [] if parsed.json else there or found:
        print_why(each)
    if parsed.json:
        print_json(there or found)
    return 0 if there else 1


async def names_in(parts: Any, shop: Any, order: Mapping[str, Any] | None) -> dict[str, str]:
    """`pipeline:stage` → its name, and goods → their articles, of all that differs."""
    from uzel.views import shops_store

    differs = (order or {}).get("difference") or {}
    names = await stage_names(parts, shop) if "stage" in differs else {}
    goods = [differs["goods"][side] or {} for side in SIDES] if "goods" in differs else []
    catalog_id = (shop["settings"] or {}).get("catalog_id")
    if elements := sorted({int(element) for one in goods for element in one}):
        async with parts.pool.acquire() as connection:
            rows = await shops_store.articles(connection, shop["crm_id"], catalog_id or 0, elements)
        names |= {str(row["entity_id"]): row["key"] for row in rows}
    return names


async def stage_names(parts: Any, shop: Any) -> dict[str, str]:
    """What the stages of the CRM are called; none where it does not say so at once."""
    crm = parts.registry.get(shop["crm_id"])
    if crm is None or crm.config is None or crm.state != "active":
        return {}
    with suppress(CallFailed, ConfigError, TimeoutError):
        async with asyncio.timeout(NAMES_WITHIN_S):
            told = await parts.reach.ask(crm, crm.connector.operations["pipelines"], {})
        return {
            f"{pipeline['id']}:{stage['id']}": f"{pipeline['name']}: {stage['name']}"
            for pipeline in told.data["pipelines"]
            for stage in pipeline["stages"]
        }
    return {}


def print_why(each: Mapping[str, Any]) -> None:
    """One answer, with the calls that were made for it, newest first."""
    print(f"order {each['code']}, shop {each['shop']}: {each['text']}")
    order = each["order"] or {}
    if order.get("reason") not in (None, DELETED):
        print(f"  because: {order['reason']}")
    if each["detail"]:
        print(f"  {each['detail']}")
    if order:
        print(f"  at Kaspi: {order['status']}, made {moment(order['ordered_at'])}")
    if order.get("lead_id"):
        how = "made" if order["tried"] else "somebody else's, found"
        where = order["deal_url"] or ""
        print(f"  deal {order['lead_id']}, {how} {moment(order['deal_at'])}  {where}".rstrip())
    for name, sides in (order.get("difference") or {}).items():
        order_side, deal_side = (shown(sides[side], each["names"]) for side in SIDES)
        became = outcome(order, kept=sides["kept"])
        print(f"  {name}: {order_side} at Kaspi, {deal_side} in the deal ({became})")
    for call in each["calls"]:
        detail = f": {call['detail']}" if call["detail"] else ""
        at = moment(call["started_at"])
        print(f"  call {call['id']} {call['operation']} {call['state']} {at}{detail}")


def shown(value: Any, names: Mapping[str, str]) -> str:
    """One side of a difference, by the names of stages and goods."""
    if isinstance(value, Mapping):
        goods = (f"{names.get(it) or f'No. {it}'} x {count}" for it, count in value.items())
        return ", ".join(goods) or "nothing"
    return names.get(str(value), "nothing" if value is None else str(value))


def outcome(order: Mapping[str, Any], *, kept: bool) -> str:
    """What became of a difference."""
    if kept:
        return "a person's word, kept" if order["tried"] else "it was in the deal, kept"
    if order["changes"] or order["checking"]:
        return "being set"
    return "not set" if order["reason"] else "the deal was set right"
