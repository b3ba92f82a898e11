"""Orders whose positions were asked for, and deals that were looked for, or made."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson

from uzel.calls.effect import Effect
from uzel.calls.ended import FINAL, answered, named_in, reason_of
from uzel.calls.outcome import Result, State
from uzel.entities import store as entity_store
from uzel.entities.store import CONTACTS
from uzel.flows.kaspi_orders import (
    deal_store,
    line_store,
    order_store,
    raw,
    shop_store,
)
from uzel.flows.kaspi_orders.shop_store import crm_of
from uzel.kit.body import at, label_of
from uzel.kit.database import Connection

# From one version of an order to the same with its positions; see `shop_store.stamp`.
AFTER = timedelta(milliseconds=1)
# Positions that came unreadable, or not at all, are asked for again after so long, then three times
# as long.
LINES_AGAIN_S = 5.0


async def on_lines(connection: Connection, effect: Effect, result: Result) -> int | None:
    """The positions of an order: stored raw beside what was told of it, and read like that."""
    rows = await order_store.in_batch(connection, effect.number)
    data = answered(result)
    if rows and data is not None:
        await store_with(connection, rows[0], data["entries"])
        wait_s = LINES_AGAIN_S * 3.0 ** rows[0]["lines_tries"]
        await line_store.asked(connection, effect.number, wait_s)
    elif rows and result.state in FINAL and rows[0]["lead_id"] is None:
        await order_store.stick(connection, effect.number, f"lines: {reason_of(result)}")
    elif rows and result.state in FINAL:
        await line_store.go_without(connection, [rows[0]["id"]], reason_of(result))
    elif rows:
        await order_store.put_back(connection, effect.number, rows[0]["step"])
    return await crm_of(connection, rows)


async def store_with(connection: Connection, order: Any, entries: list[Any]) -> None:
    """What was told of an order once more, with all its positions: a version right after that one,
    and before whatever was fetched meanwhile. The same positions again are nothing new.
    """
    told = await line_store.told_as(connection, order["event_id"])
    try:
        document = orjson.loads(told["body"])
    except orjson.JSONDecodeError:
        return  # the data of its buyer were deleted: it is fetched anew
    data = at(document, "data")
    if isinstance(data, list):
        data = next((it for it in data if code_in(it) == order["code"]), None)
    if data is None or at(document, "entries") == entries:
        return
    stamp = order["told_at"] + AFTER
    body = raw.body_of({"data": data, "entries": entries}, stamp)
    await raw.store(connection, told["connection_id"], [body])


def code_in(resource: Any) -> str | None:
    return label_of(at(resource, "attributes", "code"))


async def on_product(connection: Connection, effect: Effect, result: Result) -> int | None:
    """The article behind one position."""
    rows = await order_store.in_batch(connection, effect.number)
    if not rows:
        return None
    data = answered(result) or {}
    if result.state is State.NOT_SENT:
        await order_store.put_back(connection, effect.number, rows[0]["step"])
    else:
        product = next(
            line["product"]
            for line in rows[0]["lines"]
            if line["sku"] is None and line["product"] is not None
        )
        await line_store.name_article(
            connection, effect.number, product, data.get("sku"), data.get("name")
        )
    return await crm_of(connection, rows)


async def on_found(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Whether an order has a deal already. One that has is not filled anew, only compared."""
    rows = await order_store.in_batch(connection, effect.number)
    if not rows:
        return None
    data = answered(result)
    if data is None:
        if result.state in FINAL:
            await order_store.stick(connection, effect.number, f"find: {reason_of(result)}")
        else:
            await order_store.put_back(connection, effect.number, "finding")
    elif data["leads"]:
        await deal_store.adopt(connection, effect.number, data["leads"][0]["id"])
    else:
        await order_store.not_found(connection, effect.number)
    return await crm_of(connection, rows)


async def on_deals(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Deals were made, or some of them, or none."""
    rows = await order_store.in_batch(connection, effect.number)
    if not rows:
        return None
    data = answered(result)
    if data is not None:
        leads = {int(request): lead for request, lead in data["ids"].items()}
        await deal_store.made(connection, effect.number, leads)
        await order_store.put_back(connection, effect.number, "finding")
    elif result.state is State.REJECTED:
        await refused_deals(connection, effect, result, rows)
    else:
        # A person's word, or nobody got through: what is there is found before it is made.
        await order_store.put_back(connection, effect.number, "finding")
    return await crm_of(connection, rows)


async def refused_deals(
    connection: Connection, effect: Effect, result: Result, rows: Sequence[Any]
) -> None:
    """One wrong deal refuses all of its call. Those that are named go by themselves next time, and
    what we remember of their contact is asked anew; refused by itself, one waits for a person.
    """
    named = set(named_in(result))
    if len(rows) == 1 and rows[0]["together"] == 1:
        await order_store.stick(connection, effect.number, reason_of(result))
        return
    wrong = [row for row in rows if str(row["id"]) in named] or (rows if len(rows) == 1 else [])
    if wrong:
        shop = await shop_store.one(connection, wrong[0]["shop_id"])
        phones = [row["phone"] for row in wrong if row["phone"]]
        await entity_store.forget(connection, shop["crm_id"], CONTACTS, phones)
        await deal_store.set_apart(connection, [row["id"] for row in wrong])
        await order_store.put_back(connection, effect.number, "waiting")
    else:
        await order_store.put_back(connection, effect.number, "waiting", max(1, len(rows) // 2))
