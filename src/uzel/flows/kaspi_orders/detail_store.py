"""What new deals get beside themselves, their goods and a note, in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.flows.kaspi_orders.compare_store import SETTLED
from uzel.flows.kaspi_orders.order_store import DUE
from uzel.kit.database import Connection

# After either of the two is done.
SETTLE = """
update shop_order set step = 'done', updated_at = now()
 where id = any($1) and step = 'details' and goods_step = 'done' and note_step = 'done'
"""


async def without_goods(connection: Connection, shop_id: int, most: int) -> list[Any]:
    """New deals whose goods are not there yet, all articles of them looked for."""
    return await connection.fetch(
        "select id, lead_id, lines, lead_goods, together, reason from shop_order "  # noqa: S608
        "where shop_id = $1 and step = 'details' and goods_step = 'todo' "
        f"and {DUE} and {SETTLED} order by id limit $2",
        shop_id,
        most,
    )


async def without_note(connection: Connection, shop_id: int, most: int) -> list[Any]:
    """New deals without their note, and others whose order has other positions than it told."""
    return await connection.fetch(
        "select id, code, lead_id, lines, note, status, state, total, currency, phone, together, "  # noqa: S608
        "noted_lines from shop_order where shop_id = $1 and note_step = 'todo' "
        f"and step in ('details', 'done') and {DUE} order by id limit $2",
        shop_id,
        most,
    )


async def asked_goods(
    connection: Connection, batch: int, goods: Mapping[int, Mapping[str, str]]
) -> None:
    """A call links these: order → {element: quantity}."""
    await connection.execute(
        "update shop_order o set goods_step = 'asked', goods_batch = $1, goods_asked = g.goods "
        "from unnest($2::bigint[], $3::jsonb[]) as g(id, goods) where o.id = g.id",
        batch,
        list(goods),
        [dict(one) for one in goods.values()],
    )


async def asked_note(connection: Connection, batch: int, ids: Sequence[int]) -> None:
    """A call tells what was ordered in these."""
    await connection.execute(
        "update shop_order set note_step = 'asked', note_batch = $1, "
        "noted_lines = coalesce(lines, '[]') where id = any($2)",
        batch,
        list(ids),
    )


async def linked(
    connection: Connection,
    batch: int,
    goods: Mapping[int, Mapping[str, str]],
    short: Sequence[int],
    after_s: float,
) -> None:
    """A call put these goods into deals, and of the `short` orders not all. What is still wanted is
    seen by the next who looks.
    """
    await connection.execute(
        "update shop_order o set goods_step = 'todo', goods_batch = null, goods_asked = null, "
        "lead_goods = lead_goods || g.goods, "
        "together = case when o.id = any($4) then 1 else 50 end, "
        "refused = case when o.id = any($4) then refused + 1 else 0 end, "
        "not_before = case when o.id = any($4) "
        "  then clock_timestamp() + make_interval(secs => $5) end "
        "from unnest($2::bigint[], $3::jsonb[]) as g(id, goods) "
        "where o.goods_batch = $1 and o.id = g.id",
        batch,
        list(goods),
        [dict(one) for one in goods.values()],
        list(short),
        after_s,
    )


async def done(
    connection: Connection, what: str, ids: Sequence[int], reason: str | None = None
) -> None:
    """They have it, or need none; `reason`: they go without."""
    await connection.execute(
        f"update shop_order set {what}_step = 'done', {what}_batch = null, refused = 0, "  # noqa: S608
        "together = 50, reason = coalesce($2, reason), updated_at = now() where id = any($1)",
        list(ids),
        reason,
    )
    await connection.execute(SETTLE, list(ids))


async def tell(connection: Connection, order_id: int, reason: str) -> None:
    """What went wrong with an order, though it goes on."""
    await connection.execute(
        "update shop_order set reason = $2, updated_at = now() where id = $1", order_id, reason
    )


async def in_batch(connection: Connection, what: str, batch: int) -> list[Any]:
    """The orders in a call, locked."""
    return await connection.fetch(
        "select id, shop_id, code, lead_id, lines, together, refused, goods_asked "  # noqa: S608
        f"from shop_order where {what}_batch = $1 order by id for update",
        batch,
    )


async def look(connection: Connection, what: str, before: int, batch: int) -> None:
    """The deal of the one order in a call is read in another, to see why it was refused."""
    await connection.execute(
        f"update shop_order set {what}_batch = $2 where {what}_batch = $1",  # noqa: S608
        before,
        batch,
    )


async def again(
    connection: Connection, what: str, batch: int, after_s: float = 0, refused: int = 0
) -> None:
    """Those of a call still need it."""
    await part(connection, what, batch, (), None, after_s, refused)


async def part(
    connection: Connection,
    what: str,
    batch: int,
    wrong: Sequence[int],
    together: int | None,
    after_s: float,
    refused: int = 0,
) -> None:
    """A call was refused for one of its orders: the `wrong` ones go by themselves next time; where
    nobody knows which they are, fewer (`together`) share a call.
    """
    undo = (
        "goods_asked = null"
        if what == "goods"
        else "noted_lines = case when step = 'done' then noted_lines end"
    )
    await connection.execute(
        f"update shop_order set {what}_step = 'todo', {what}_batch = null, {undo}, "  # noqa: S608
        "together = case when id = any($2) then 1 when $2 = '{}' then coalesce($3, together) "
        "else together end, refused = refused + $5, "
        "not_before = case when $2 = '{}' or id = any($2) "
        "  then clock_timestamp() + make_interval(secs => $4) end, updated_at = now() "
        f"where {what}_batch = $1",
        batch,
        list(wrong),
        together,
        after_s,
        refused,
    )


async def note_deals(
    connection: Connection,
    ids: Sequence[int],
    stages: Sequence[str | None],
    prices: Sequence[int | None],
) -> None:
    """The stage and the sum that orders' deals are made with."""
    await connection.execute(
        "update shop_order o set lead_stage = g.stage, lead_price = g.price "
        "from unnest($1::bigint[], $2::text[], $3::bigint[]) as g(id, stage, price) "
        "where o.id = g.id",
        list(ids),
        list(stages),
        list(prices),
    )
