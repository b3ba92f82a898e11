"""Goods and notes of new deals, and changes of older ones."""

from uzel.calls.outcome import Result, State
from uzel.flows.kaspi_orders import compare, deal_store, detail_store, order_store, shop_store
from uzel.flows.kaspi_orders.answers import FINAL, answered, crm_of, reason_of
from uzel.flows.kaspi_orders.asks import Effect
from uzel.kit.database import Connection


async def on_goods(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Goods of new deals were linked."""
    rows = await detail_store.in_batch(connection, "goods", effect.number)
    if not rows:
        return None
    data = answered(result) or {}
    missing = {link["lead_id"] for link in data.get("missing", ())}
    if result.state is State.ACCEPTED:
        done = [row["id"] for row in rows if row["lead_id"] not in missing]
        await detail_store.done(connection, "goods", done)
        await detail_store.again(connection, "goods", effect.number)
    elif result.state in FINAL and len(rows) == 1:
        await detail_store.without_goods(connection, effect.number, reason_of(result))
    else:
        half = max(1, len(rows) // 2) if result.state is State.REJECTED else None
        await detail_store.again(connection, "goods", effect.number, half)
    return await crm_of(connection, rows)


async def on_notes(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Notes were written. One that amoCRM will not have is no reason to hold a deal up."""
    rows = await detail_store.in_batch(connection, "note", effect.number)
    if not rows:
        return None
    data = answered(result)
    if result.state is State.ACCEPTED:
        ids = set(data["ids"]) if data else {str(row["id"]) for row in rows}
        done = [row["id"] for row in rows if str(row["id"]) in ids]
        await detail_store.done(connection, "note", done)
        await detail_store.again(connection, "note", effect.number)
    elif result.state is State.NOT_SENT or len(rows) > 1:
        half = max(1, len(rows) // 2) if result.state is State.REJECTED else None
        await detail_store.again(connection, "note", effect.number, half)
    else:
        await detail_store.done(connection, "note", [rows[0]["id"]])
    return await crm_of(connection, rows)


async def on_looked(connection: Connection, effect: Effect, result: Result) -> int | None:
    """The deal of an order that changed was read."""
    order = await detail_store.compared(connection, effect.number)
    if order is None:
        return None
    shop = await shop_store.one(connection, order["shop_id"])
    data = answered(result)
    if data is None:
        if result.state in FINAL:
            await detail_store.give_up_comparison(connection, effect.number, reason_of(result))
        else:
            await detail_store.want_comparison(connection, effect.number)
    elif data["lead"] is None:
        await deal_store.deal_gone(connection, order["id"])
    else:
        await compare.settle(connection, shop, order, data["lead"])
    return int(shop["crm_id"])


async def on_changed(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Stages and sums were set, goods taken out or put in."""
    rows = await order_store.in_batch(connection, effect.number)
    part = {"change": "lead", "unlinking": "unlink", "linking": "link"}[effect.kind]
    if result.state is State.ACCEPTED:
        await detail_store.changed(connection, effect.number, part)
    elif result.state in FINAL and len(rows) == 1:
        await detail_store.give_up_comparison(connection, effect.number, reason_of(result))
    elif result.state is State.REJECTED:
        await detail_store.halve(connection, effect.number, max(1, len(rows) // 2))
    else:
        await detail_store.want_comparison(connection, effect.number)
    return await crm_of(connection, rows)
