"""What is known of one order, in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool

ORDER = """
select id, code, step, reason, status, state, total, currency, ordered_at, first_seen_at, deal_at,
       lead_id, gone_lead_id, gone_at, difference, compared_at, phone,
       tried, changes, checking
  from shop_order where shop_id = $1 and code = $2
"""
# A call names the rows it is for in its arguments. There is no index on them: the newest calls of
# both connections are looked through.
CALLS = """
select id, operation, state, attempt, code, detail, started_at, finished_at
  from (select * from call where connection_id = any($1) and created_at >= $2
         order by connection_id desc, id desc limit 20000) c
 where arguments @> any($3::jsonb[])
 order by id desc limit 50
"""


async def order(connection: Connection, shop_id: int, code: str) -> Any:
    """The order as it stands, or None."""
    return await connection.fetchrow(ORDER, shop_id, code)


async def last_event(connection: Connection, source_id: int, code: str) -> Any:
    """(id, decision, reason) of the newest event about an order, or None."""
    return await connection.fetchrow(
        "select id, decision, reason from event where split_part(subject, ' ', -1) = $2 "
        "and connection_id = $1 and subject is not null order by id desc limit 1",
        source_id,
        code,
    )


async def calls(connection: Connection, shop: Any, order: Any) -> list[Any]:
    """The newest calls that name this order or its deal, newest first."""
    request_id, lead_id = str(order["id"]), order["lead_id"]
    named: list[Any] = [
        {"order_code": order["code"]},
        *({name: [{"request_id": request_id}]} for name in ("leads", "notes")),
    ]
    if order["phone"] is not None:
        named += [{"phone": order["phone"]}, {"contacts": [{"phone": order["phone"]}]}]
    if lead_id is not None:
        named += [{"lead_id": lead_id}, {"leads": [{"id": lead_id}]}]
        named += [{name: [{"lead_id": lead_id}]} for name in ("links", "notes")]
    return await connection.fetch(
        CALLS, [shop["source_id"], shop["crm_id"]], order["first_seen_at"], named
    )


async def told_since(pool: Pool, shop_id: int, seconds: float) -> int:
    """How many orders came in new or changed within this time."""
    found: int = await pool.fetchval(
        "select count(*) from shop_seen where shop_id = $1 "
        "and seen_at > clock_timestamp() - make_interval(secs => $2)",
        shop_id,
        seconds,
    )
    return found
