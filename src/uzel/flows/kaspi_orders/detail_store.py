"""What belongs to deals beside themselves, and what differs from their orders, in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from uzel.flows.kaspi_orders.order_store import UNNAMED
from uzel.kit.database import Connection

# After either of the two is done.
SETTLE = """
update shop_order set step = 'done', updated_at = now()
 where id = any($1) and step = 'details' and goods_step = 'done' and note_step = 'done'
"""


async def without(connection: Connection, shop_id: int, what: str, most: int) -> list[Any]:
    """Orders with a deal whose goods (`what` = `goods`) or note are not there yet."""
    return await connection.fetch(
        "select id, code, lead_id, lines, note, status, state, total, currency, phone "  # noqa: S608
        f"from shop_order where shop_id = $1 and step = 'details' and {what}_step = 'todo' "
        "order by id limit $2",
        shop_id,
        most,
    )


async def asked(connection: Connection, what: str, ids: Sequence[int], batch: int) -> None:
    """They are in a call now."""
    await connection.execute(
        f"update shop_order set {what}_step = 'asked', {what}_batch = $2 where id = any($1)",  # noqa: S608
        list(ids),
        batch,
    )


async def done(connection: Connection, what: str, ids: Sequence[int]) -> None:
    """They have it, or need none."""
    await connection.execute(
        f"update shop_order set {what}_step = 'done', {what}_batch = null where id = any($1)",  # noqa: S608
        list(ids),
    )
    await connection.execute(SETTLE, list(ids))


async def in_batch(connection: Connection, what: str, batch: int) -> list[Any]:
    """The orders in a call, locked."""
    return await connection.fetch(
        "select id, shop_id, code, lead_id, lines, together from shop_order "  # noqa: S608
        f"where {what}_batch = $1 order by id for update",
        batch,
    )


async def again(connection: Connection, what: str, batch: int, together: int | None = None) -> None:
    """Those of a call still need it."""
    await connection.execute(
        f"update shop_order set {what}_step = 'todo', {what}_batch = null, "  # noqa: S608
        f"together = coalesce($2, together) where {what}_batch = $1",
        batch,
        together,
    )


async def goods_set(connection: Connection, goods: Mapping[int, Mapping[str, str]]) -> None:
    """Order → {element: quantity} as we linked them."""
    await connection.execute(
        "update shop_order o set lead_goods = g.goods from unnest($1::bigint[], $2::jsonb[]) "
        "as g(id, goods) where o.id = g.id",
        list(goods),
        [dict(one) for one in goods.values()],
    )


async def to_compare(connection: Connection, shop_id: int, most: int) -> list[Any]:
    """Orders that changed after their deal was made."""
    return await connection.fetch(
        "select id, lead_id, told_at from shop_order "  # noqa: S608
        "where shop_id = $1 and checking = 'wanted' "
        f"and step = 'done' and lines is not null and not ({UNNAMED}) and batch is null "
        "and not exists (select from crm_entity e join shop s on s.id = $1 "
        "  where e.crm_id = s.crm_id and e.catalog_id <> 0 and e.state <> 'known' "
        "  and e.state <> 'refused' and shop_order.lines @> jsonb_build_array("
        "      jsonb_build_object('sku', e.key))) order by id limit $2",
        shop_id,
        most,
    )


async def reading(connection: Connection, order_id: int, batch: int) -> None:
    """Its deal is being read."""
    await connection.execute(
        "update shop_order set checking = 'reading', batch = $2 where id = $1", order_id, batch
    )


async def compared(connection: Connection, batch: int) -> Any:
    """The order whose deal was read, locked."""
    return await connection.fetchrow("select * from shop_order where batch = $1 for update", batch)


async def settle_comparison(
    connection: Connection,
    order_id: int,
    told_at: datetime,
    difference: Mapping[str, Any] | None,
    changes: Mapping[str, Any] | None,
) -> None:
    """What came of a comparison with the version told at that time; a later one is compared anew
    once the changes are through.
    """
    await connection.execute(
        "update shop_order set batch = null, difference = $3, changes = $4, compared_at = now(), "
        "compared_told_at = $2, reason = null, "
        "checking = case when $4::jsonb is not null then 'changing' "
        "when told_at > $2 then 'wanted' end, updated_at = now() where id = $1",
        order_id,
        told_at,
        difference,
        changes,
    )


async def to_change(connection: Connection, shop_id: int, part: str, most: int) -> list[Any]:
    """Orders whose deals still miss this part of their changes, and nobody is at it."""
    return await connection.fetch(
        "select id, lead_id, together, changes -> $2 as part from shop_order where shop_id = $1 "
        "and checking = 'changing' and batch is null and changes ? $2 "
        "and ($2 <> 'link' or not changes ? 'unlink') order by together, id limit $3",
        shop_id,
        part,
        most,
    )


async def changed(connection: Connection, batch: int, part: str) -> None:
    """This part of the changes is through; what the deal has from us is remembered with it."""
    await connection.execute(
        "update shop_order set batch = null, changes = nullif(changes - $2, '{}'), "
        "checking = case when changes - $2 <> '{}' then checking "
        "when told_at > compared_told_at then 'wanted' end, updated_at = now(), "
        "lead_stage = case when $2 = 'lead' and changes -> 'lead' ? 'status_id' "
        "  then concat_ws(':', changes -> 'lead' ->> 'pipeline_id', "
        "                 changes -> 'lead' ->> 'status_id') "
        "  else lead_stage end, "
        "lead_price = case when $2 = 'lead' "
        "  then coalesce((changes -> 'lead' ->> 'price')::bigint, lead_price) else lead_price end, "
        "lead_goods = case when $2 <> 'lead' and not (changes - $2 ?| array['link', 'unlink']) "
        "  then coalesce(difference -> 'goods' -> 'order', lead_goods) else lead_goods end "
        "where batch = $1",
        batch,
        part,
    )


async def want_comparison(connection: Connection, batch: int) -> None:
    """Those of a call that did not get through are compared anew."""
    await connection.execute(
        "update shop_order set batch = null, changes = null, checking = 'wanted' where batch = $1",
        batch,
    )


async def give_up_comparison(connection: Connection, batch: int, reason: str) -> None:
    """Their deals cannot be changed: a person sees why."""
    await connection.execute(
        "update shop_order set batch = null, changes = null, checking = null, reason = $2 "
        "where batch = $1",
        batch,
        reason,
    )


async def take(connection: Connection, ids: Sequence[int], batch: int) -> None:
    """They are in a call now."""
    await connection.execute(
        "update shop_order set batch = $2 where id = any($1)", list(ids), batch
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


async def without_goods(connection: Connection, batch: int, reason: str) -> None:
    """The goods of this one deal are not to be had: it goes without, and says so."""
    rows = await connection.fetch(
        "update shop_order set goods_step = 'done', goods_batch = null, lead_goods = '{}', "
        "reason = 'goods: ' || $2 where goods_batch = $1 returning id",
        batch,
        reason,
    )
    await connection.execute(SETTLE, [row["id"] for row in rows])


async def halve(connection: Connection, batch: int, together: int) -> None:
    """One of them is wrong: fewer share a call next time."""
    await connection.execute(
        "update shop_order set batch = null, together = $2 where batch = $1", batch, together
    )


async def wait_for_goods(connection: Connection, order_id: int) -> None:
    """Its articles are being looked for; compared again then."""
    await connection.execute(
        "update shop_order set batch = null, checking = 'wanted' where id = $1", order_id
    )
