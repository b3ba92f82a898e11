"""Goods and notes of new deals, and changes of older ones.

Who is refused together with others goes alone; alone and refused, it is found out what became of
its deal and of its articles; refused once more, it is left, and says why.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.calls.effect import Effect
from uzel.calls.ended import FINAL, answered, named_in, reason_of
from uzel.calls.outcome import Result, State
from uzel.calls.plan import plan
from uzel.entities import store as entity_store
from uzel.flows.kaspi_orders import (
    asks,
    compare,
    compare_store,
    deal_store,
    detail_store,
    order_store,
    shop_store,
)
from uzel.flows.kaspi_orders.shop_store import crm_of
from uzel.kit.database import Connection

# After a refusal, for those that were in the call, and for one that was in it alone.
TOGETHER_S, ALONE_S = 2.0, 10.0
UNCONFIRMED = "what was linked is not shown"
PARTS = {"change": "lead", "unlinking": "unlink", "linking": "link"}


async def on_goods(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Goods of new deals were linked."""
    rows = await detail_store.in_batch(connection, "goods", effect.number)
    if not rows:
        return None
    if result.state is State.ACCEPTED:
        await linked(connection, effect, rows, answered(result) or {})
    elif result.state is State.NOT_SENT:
        await detail_store.again(connection, "goods", effect.number)
    elif len(rows) > 1 and result.state is State.REJECTED:
        await apart(connection, "goods", effect, result, rows)
    elif len(rows) > 1 or rows[0]["refused"] or result.state is State.CANCELLED:
        ids = [row["id"] for row in rows]
        await detail_store.done(connection, "goods", ids, f"goods: {reason_of(result)}")
    else:
        await look(connection, "goods", effect, rows[0])
    return await crm_of(connection, rows)


async def linked(
    connection: Connection, effect: Effect, rows: Sequence[Any], data: Mapping[str, Any]
) -> None:
    """All of it, or nearly: who misses something twice goes without."""
    missing = {(it["lead_id"], str(it["element_id"])) for it in data.get("missing", ())}
    put = {
        row["id"]: {
            e: n for e, n in row["goods_asked"].items() if (row["lead_id"], e) not in missing
        }
        for row in rows
    }
    short = [row for row in rows if len(put[row["id"]]) < len(row["goods_asked"])]
    ids = [row["id"] for row in short]
    await detail_store.linked(connection, effect.number, put, ids, ALONE_S)
    hopeless = [row["id"] for row in short if row["refused"]]
    await detail_store.done(connection, "goods", hopeless, f"goods: {UNCONFIRMED}")


async def apart(
    connection: Connection, what: str, effect: Effect, result: Result, rows: Sequence[Any]
) -> None:
    """Goods or notes of several were refused for some of them."""
    wrong, half = offenders(result, rows, "lead_id" if what == "goods" else "id"), len(rows) // 2
    await detail_store.part(connection, what, effect.number, wrong, half, TOGETHER_S)


def offenders(result: Result, rows: Sequence[Any], by: str) -> list[int]:
    """The orders that a refusal names, by their deals or their own numbers."""
    named = set(named_in(result))
    return [row["id"] for row in rows if str(row[by]) in named]


async def look(connection: Connection, what: str, effect: Effect, order: Any) -> None:
    """Read the deal of an order that was refused by itself."""
    shop = await shop_store.one(connection, order["shop_id"])
    batch = await entity_store.next_batch(connection)
    await detail_store.look(connection, what, effect.number, batch)
    reading = asks.read_deal(shop["crm_id"], asks.effect_of(f"{what}look", batch), order["lead_id"])
    await plan(connection, [reading])


async def on_goods_look(connection: Connection, effect: Effect, result: Result) -> int | None:
    """A deal that would not take its goods: it is gone, or an article of them may be."""
    rows = await detail_store.in_batch(connection, "goods", effect.number)
    if not rows:
        return None
    crm_id, data = await crm_of(connection, rows), answered(result)
    if data is not None and data["lead"] is None:
        await deal_store.deal_gone(connection, rows[0]["id"])
        return crm_id
    if data is not None and crm_id is not None:
        await entity_store.forget_elements(
            connection, crm_id, list(map(int, rows[0]["goods_asked"]))
        )
    await detail_store.again(connection, "goods", effect.number, ALONE_S, refused=1)
    return crm_id


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
        await detail_store.again(connection, "note", effect.number, TOGETHER_S)
    elif result.state is State.NOT_SENT:
        await detail_store.again(connection, "note", effect.number)
    elif len(rows) > 1 and result.state is State.REJECTED:
        await apart(connection, "note", effect, result, rows)
    elif len(rows) > 1 or result.state is State.CANCELLED:
        ids_ = [row["id"] for row in rows]
        await detail_store.done(connection, "note", ids_, f"note: {reason_of(result)}")
    else:
        await detail_store.tell(connection, rows[0]["id"], f"note: {reason_of(result)}")
        await look(connection, "note", effect, rows[0])
    return await crm_of(connection, rows)


async def on_note_look(connection: Connection, effect: Effect, result: Result) -> int | None:
    """A deal that would not take its note: it is gone, or goes without."""
    rows = await detail_store.in_batch(connection, "note", effect.number)
    if not rows:
        return None
    data = answered(result)
    if data is not None and data["lead"] is None:
        await deal_store.deal_gone(connection, rows[0]["id"])
    else:
        await detail_store.done(connection, "note", [rows[0]["id"]])
    return await crm_of(connection, rows)


async def on_looked(connection: Connection, effect: Effect, result: Result) -> int | None:
    """The deal of an order that changed was read."""
    order = await compare_store.read(connection, effect.number)
    if order is None:
        return None
    shop = await shop_store.one(connection, order["shop_id"])
    data = answered(result)
    if data is None:
        if result.state in FINAL:
            await compare_store.give_up(connection, effect.number, reason_of(result))
        else:
            await compare_store.again(connection, effect.number, ALONE_S)
    elif data["lead"] is None:
        await deal_store.deal_gone(connection, order["id"])
    else:
        await compare.settle(connection, shop, order, data["lead"])
    return int(shop["crm_id"])


async def on_changed(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Stages and sums were set, goods taken out or put in."""
    rows = await order_store.in_batch(connection, effect.number)
    if result.state is State.ACCEPTED:
        await compare_store.changed(connection, effect.number, PARTS[effect.kind])
    elif result.state is State.NOT_SENT:
        await compare_store.again(connection, effect.number, ALONE_S)
    elif len(rows) > 1 and result.state is State.REJECTED:
        wrong, half = offenders(result, rows, "lead_id"), len(rows) // 2
        await compare_store.part(connection, effect.number, wrong, half, TOGETHER_S)
    elif rows and result.state is State.REJECTED and not rows[0]["refused"]:
        await forget_goods(connection, rows[0], PARTS[effect.kind])
        await compare_store.again(connection, effect.number, ALONE_S, refused=1)
    else:
        await compare_store.give_up(connection, effect.number, reason_of(result))
    return await crm_of(connection, rows)


async def forget_goods(connection: Connection, order: Any, part: str) -> None:
    """The articles that one deal would not take may be there no more."""
    links = order["changes"][part] if part != "lead" else []
    shop = await shop_store.one(connection, order["shop_id"])
    elements = [link["element_id"] for link in links]
    await entity_store.forget_elements(connection, shop["crm_id"], elements)
