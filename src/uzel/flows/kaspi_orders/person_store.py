"""What a person asks for about shops and their orders, in the database."""

from typing import Any

from uzel.flows.kaspi_orders.order_store import UNNAMED
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
        f"updated_at = now(), step = case when lines is null or {UNNAMED} then 'lines' "
        "else 'finding' end from shop s where o.id = $1 and s.id = o.shop_id "
        "returning o.shop_id, s.crm_id, o.code, $2::text as reason, o.step",
        order_id,
        row["reason"],
    )
