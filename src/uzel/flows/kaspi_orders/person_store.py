"""What a person asks for about shops and their orders, in the database."""

from typing import Any

from uzel.flows.kaspi_orders.order_store import UNTOLD
from uzel.kit.database import Connection


async def run_soon(connection: Connection, shop_id: int, task: str) -> bool:
    """Have a task run now rather than when it is due; whether there is one."""
    done = await connection.fetchval(
        "update shop_task set next_at = now() where shop_id = $1 and task = $2 returning true",
        shop_id,
        task,
    )
    return done is not None


async def try_again(connection: Connection, order_id: int) -> Any:
    """A stuck order goes on, from its positions if they are not known, else from the search for a
    deal it may have. What its contact and its goods were refused for is forgotten with it. Returns
    its (shop_id, crm_id, code, reason, step), None if it is not stuck any more.
    """
    row = await connection.fetchrow(
        "select o.shop_id, s.crm_id, o.code, o.reason, o.phone, o.lines from shop_order o "
        "join shop s on s.id = o.shop_id where o.id = $1 and o.step = 'stuck' for update of o",
        order_id,
    )
    if row is None:
        return None
    skus = [line["sku"] for line in row["lines"] or () if line["sku"]]
    await connection.execute(
        "update crm_entity set state = 'wanted', state_at = clock_timestamp(), entity_id = null, "
        "batch = null, reason = null, together = 50 where crm_id = $1 and state = 'refused' "
        "and (catalog_id = 0 and key = $2 or catalog_id <> 0 and key = any($3))",
        row["crm_id"],
        row["phone"],
        skus,
    )
    return await connection.fetchrow(
        "update shop_order o set reason = null, batch = null, together = 50, ready_at = null, "  # noqa: S608
        "refused = 0, not_before = null, lines_tries = 0, "
        f"updated_at = now(), step = case when {UNTOLD} then 'lines' "
        "else 'finding' end from shop s where o.id = $1 and s.id = o.shop_id "
        "returning o.shop_id, s.crm_id, o.code, $2::text as reason, o.step",
        order_id,
        row["reason"],
    )


async def leave_out(connection: Connection, shop_id: int, code: str) -> Any:
    """A person wants no deal for an order. One that it has stays in the CRM, also one that is just
    being made. Returns its (id, crm_id, code, step, lead_id) as it was, None if there is no such
    order or it is left out already.
    """
    return await connection.fetchrow(
        "update shop_order o set step = 'left_out', batch = null, goods_batch = null, "
        "note_batch = null, goods_asked = null, checking = null, changes = null, "
        "not_before = null, ready_at = null, reason = null, updated_at = now(), "
        "goods_step = case when o.goods_step = 'asked' then 'todo' else o.goods_step end, "
        "note_step = case when o.note_step = 'asked' then 'todo' else o.note_step end "
        "from shop s, shop_order before where o.shop_id = $1 and o.code = $2 "
        "and o.step <> 'left_out' and s.id = o.shop_id and before.id = o.id "
        "returning o.id, s.crm_id, o.code, before.step, o.lead_id",
        shop_id,
        code,
    )


async def take_in(connection: Connection, shop_id: int, code: str) -> Any:
    """The way back: a deal it has is compared, one it may have is looked for. Returns its (id,
    crm_id, code, step), None if it is not left out.
    """
    return await connection.fetchrow(
        "update shop_order o set updated_at = now(), together = 50, refused = 0, lines_tries = 0, "
        "checking = case when lead_id is not null then 'wanted' end, "
        "step = case when lead_id is not null then 'done' else 'finding' end "
        "from shop s where o.shop_id = $1 and o.code = $2 and o.step = 'left_out' "
        "and s.id = o.shop_id returning o.id, s.crm_id, o.code, o.step",
        shop_id,
        code,
    )
