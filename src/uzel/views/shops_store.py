"""Orders of shops and their deals, for people: lists that cost the same whatever there is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views.query_store import WINDOW, Conditions

COLUMNS = (
    "o.id, o.shop_id, o.code, o.status, o.state, o.currency, o.total, o.phone, o.first_name, "
    "o.last_name, o.ordered_at, o.told_at, o.step, o.reason, o.lead_id, o.checking, o.changes, "
    "o.difference, o.compared_at, o.first_seen_at, o.deal_at, o.updated_at, o.tried, "
    "o.source_order, o.gone_lead_id, o.gone_at"
)
# Orders nobody told the time of come first, as they do in the index.
NEWEST_FIRST = "order by ordered_at desc, id desc"
FEW = 1000


async def place_of(pool: Pool, shop_id: int, order_id: int) -> Any:
    """(id, ordered_at) of the order a page ended with, or None."""
    return await pool.fetchrow(
        "select id, ordered_at from shop_order where shop_id = $1 and id = $2", shop_id, order_id
    )


async def listed(
    pool: Pool, found_by: Conditions, checked: Conditions, limit: int
) -> tuple[list[Any], int | None]:
    """The newest `limit` orders, and where to go on: the last id looked at, None at the end.
    `found_by` are conditions an index covers, `checked` those that are looked at row by row.
    """
    window = WINDOW if checked else limit + 1
    inner = f"select * from shop_order where {found_by.sql()} {NEWEST_FIRST} limit {window}"  # noqa: S608
    rows = await pool.fetch(
        f"select {COLUMNS} from ({inner}) o where {checked.sql(len(found_by.values))} "  # noqa: S608
        f"{NEWEST_FIRST} limit {limit + 1}",
        *found_by.values,
        *checked.values,
    )
    if len(rows) > limit:
        return rows[:limit], int(rows[limit - 1]["id"])
    if not checked:
        return rows, None
    floor = await pool.fetchval(
        f"select id from ({inner}) o {NEWEST_FIRST} offset {WINDOW - 1} limit 1",  # noqa: S608
        *found_by.values,
    )
    return rows, floor


async def order(pool: Pool | Connection, order_id: int) -> Any:
    """One order with all its columns, or None."""
    return await pool.fetchrow("select * from shop_order where id = $1", order_id)


async def by_code(pool: Pool | Connection, shop_id: int, code: str) -> Any:
    """The id of a shop's order with this number, or None."""
    return await pool.fetchval(
        "select id from shop_order where shop_id = $1 and code = $2", shop_id, code
    )


async def hours(
    connection: Connection, shop_id: int, since: datetime, until: datetime
) -> list[Any]:
    """(hour, orders, deals, stuck) of the orders made in that time, those left out excepted; hours
    are counted from 0.
    """
    return await connection.fetch(
        "select floor(extract(epoch from ordered_at - $2) / 3600)::int as hour, "
        "count(*) as orders, count(lead_id) as deals, "
        "count(*) filter (where step = 'stuck') as stuck from shop_order "
        "where shop_id = $1 and ordered_at >= $2 and ordered_at < $3 and step <> 'left_out' "
        "group by 1",
        shop_id,
        since,
        until,
    )


async def lag(connection: Connection, shop_id: int, since: datetime, until: datetime) -> Any:
    """(p50_s, longest_s) from an order to the deal we made of it; null where there is none."""
    return await connection.fetchrow(
        "select percentile_cont(0.5) within group (order by late) as p50_s, max(late) as longest_s "
        "from (select extract(epoch from o.deal_at - o.ordered_at)::float8 as late "
        "  from shop_order o join shop s on s.id = o.shop_id where o.shop_id = $1 "
        "  and o.ordered_at >= $2 and o.ordered_at < $3 and o.ordered_at >= s.switched_on_at "
        "  and o.deal_at is not null and o.tried and o.gone_lead_id is null) made",
        shop_id,
        since,
        until,
    )


async def open_steps(connection: Connection, shop_id: int) -> list[Any]:
    """(step, reason, count, oldest_at) of all that is not done; the reason only of what is stuck,
    and of those the most frequent.
    """
    return await connection.fetch(
        "select step, case when step = 'stuck' then reason end as reason, count(*) as count, "
        "min(coalesce(ordered_at, first_seen_at)) as oldest_at "
        "from shop_order where shop_id = $1 and step not in ('done', 'left_out') group by 1, 2 "
        "order by count desc limit 30",
        shop_id,
    )


async def stuck_count(connection: Connection) -> int:
    """Orders that wait for a person, in all shops that are not off."""
    found: int = await connection.fetchval(
        "select count(*) from shop s, lateral (select from shop_order o "  # noqa: S608
        f"where o.shop_id = s.id and o.step = 'stuck' limit {FEW}) few where s.state <> 'off'"
    )
    return found


async def troubles(connection: Connection) -> list[Any]:
    """A row for each shop that is not off: its state, its stuck orders, its tasks."""
    return await connection.fetch(
        "select s.id, s.state, s.source_id, s.crm_id, "  # noqa: S608
        "(select count(*) from (select from shop_order o where o.shop_id = s.id "
        f"  and o.step = 'stuck' limit {FEW}) few) as stuck, "
        "(select min(few.updated_at) from (select o.updated_at from shop_order o "
        f"  where o.shop_id = s.id and o.step = 'stuck' limit {FEW}) few) as stuck_since, "
        "(select count(*) from (select from shop_order o where o.shop_id = s.id and o.step = "
        f"  any('{{lines,finding,waiting,making}}') and o.step <> 'done' limit {FEW}) few) "
        "  as waiting, "
        "(select jsonb_object_agg(t.task, jsonb_build_object('problem', t.problem, "
        "  'found', t.found, 'failed_at', t.failed_at, 'succeeded_at', t.succeeded_at)) "
        "  from shop_task t where t.shop_id = s.id) as tasks "
        "from shop s where s.state <> 'off' order by s.id"
    )


async def since_proof(
    connection: Connection | Pool, shop_id: int, codes: Sequence[str], run_ms: int
) -> dict[str, str]:
    """Order → what became of it since a proof of that time missed its deal; see shops_proof."""
    rows = await connection.fetch(
        "select code, case when step = 'left_out' then 'left_out' "
        "  when lead_id is null then 'missing' "
        "  when deal_at > to_timestamp($3 / 1000.0) then 'again' "
        "  when compared_at > to_timestamp($3 / 1000.0) and checking is null then 'unmarked' "
        "  else 'missing' end as became from shop_order where shop_id = $1 and code = any($2)",
        shop_id,
        list(codes),
        run_ms,
    )
    return {row["code"]: row["became"] for row in rows}


async def pulse(connection: Connection) -> str:
    """A word that changes when an order or a task does. Reads the newest change of each shop."""
    found: str = await connection.fetchval(
        "select coalesce(string_agg(concat_ws(' ', s.id, s.state, s.updated_at, "
        "  (select string_agg(concat_ws(',', t.task, t.started_at, t.succeeded_at, t.failed_at), "
        "     ' ' order by t.task) from shop_task t where t.shop_id = s.id), "
        "  (select concat_ws(',', max(few.updated_at), count(*)) from (select updated_at "
        "     from shop_order o where o.shop_id = s.id order by o.ordered_at desc limit 50) few)), "
        "  ';' order by s.id), '') from shop s where s.state <> 'off'"
    )
    return found


async def told(connection: Connection, source_id: int, code: str, most: int) -> list[Any]:
    """The newest events that told of an order."""
    return await connection.fetch(
        "select id, raw_event_id, decision, reason, data ->> 'status' as status, "
        "data ->> 'told_at' as told_at, created_at from event "
        "where split_part(subject, ' ', -1) = $2 and subject is not null "
        "and connection_id = $1 and type = 'order.told' order by id desc limit $3",
        source_id,
        code,
        most,
    )


async def calls_about(
    connection: Connection,
    connection_ids: Sequence[int],
    ids: tuple[int, int],
    about: Sequence[dict[str, Any]],
) -> list[Any]:
    """Calls of these connections with an id in [first, last) whose arguments hold any of `about`:
    (id), oldest first, a hundred at most. WINDOW calls of each connection are looked through.
    """
    return await connection.fetch(
        "select c.id from unnest($1::int[]) n, lateral (select id, arguments, effect from call "  # noqa: S608
        "  where connection_id = n and (connection_id, id) >= (n, $2) "
        f"  and (connection_id, id) < (n, $3) order by connection_id, id limit {WINDOW}) c "
        "where c.effect like 'shop:%' and c.arguments @> any($4::jsonb[]) order by c.id limit 100",
        list(connection_ids),
        ids[0],
        ids[1],
        list(about),
    )


async def acts(connection: Connection, subject: str) -> list[Any]:
    """What people did about something, newest first."""
    return await connection.fetch(
        "select at, actor, action, detail from audit where subject = $1 order by id desc limit 50",
        subject,
    )


async def contact(connection: Connection, crm_id: int, phone: str) -> Any:
    """(entity_id, state, reason) of a phone in a CRM, or None."""
    return await connection.fetchrow(
        "select entity_id, state, reason from crm_entity "
        "where crm_id = $1 and catalog_id = 0 and key = $2",
        crm_id,
        phone,
    )


async def goods(
    connection: Connection, crm_id: int, catalog_id: int, skus: Sequence[str]
) -> list[Any]:
    """(key, entity_id, state, reason) of articles in a catalog."""
    return await connection.fetch(
        "select key, entity_id, state, reason from crm_entity "
        "where crm_id = $1 and catalog_id = $2 and key = any($3)",
        crm_id,
        catalog_id,
        list(skus),
    )


async def articles(
    connection: Connection, crm_id: int, catalog_id: int, elements: Sequence[int]
) -> list[Any]:
    """(entity_id, key) of elements of a catalog."""
    return await connection.fetch(
        "select entity_id, key from crm_entity "
        "where crm_id = $1 and catalog_id = $2 and entity_id = any($3)",
        crm_id,
        catalog_id,
        list(elements),
    )


async def found_by_code(connection: Connection, code: str) -> list[Any]:
    """Orders with this number, of any shop; for the search."""
    return await connection.fetch(
        "select id, code, phone, status, step, first_seen_at as at from shop_order "
        "where code = $1 limit 20",
        code,
    )


async def found_by_phone(connection: Connection, phone: str) -> list[Any]:
    """The newest orders of a phone; for the search."""
    return await connection.fetch(
        "select id, code, phone, status, step, first_seen_at as at from shop_order "
        "where phone = $1 and phone is not null order by id desc limit 20",
        phone,
    )


async def has_deals(connection: Connection, shop_id: int) -> bool:
    """Whether any order of the shop has a deal."""
    found: bool = await connection.fetchval(
        "select exists (select from shop_order where shop_id = $1 and lead_id is not null)", shop_id
    )
    return found
