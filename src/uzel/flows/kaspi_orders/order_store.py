"""Orders and their deals in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, columns

PUT = """
insert into shop_order as o (shop_id, code, event_id, source_order, status, state, currency, total,
                             phone, first_name, last_name, ordered_at, told_at, note, lines, step)
select shop_id, code, event_id, source_order, status, state, currency, total::numeric, phone,
       first_name, last_name, ordered_at, told_at, note, lines -> 'lines', step
  from unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[],
              $13::timestamptz[], $14::jsonb[], $15::jsonb[], $16::text[])
    as g(shop_id, code, event_id, source_order, status, state, currency, total, phone, first_name,
         last_name, ordered_at, told_at, note, lines, step)
on conflict (shop_id, code) do update
   set event_id = excluded.event_id, status = excluded.status, state = excluded.state,
       total = excluded.total,
       phone = case when o.customer_deleted_at is null then coalesce(o.phone, excluded.phone) end,
       first_name = case when o.customer_deleted_at is null
                         then coalesce(excluded.first_name, o.first_name) end,
       last_name = case when o.customer_deleted_at is null
                        then coalesce(excluded.last_name, o.last_name) end,
       told_at = excluded.told_at,
       note = case when o.customer_deleted_at is null then excluded.note else '{}' end,
       lines = coalesce(excluded.lines,
                        case when o.total is not distinct from excluded.total then o.lines end),
       without_lines = o.without_lines and excluded.lines is null
                       and o.total is not distinct from excluded.total,
       lines_tries = case when excluded.lines is null
                           and o.total is not distinct from excluded.total
                          then o.lines_tries else 0 end,
       reason = case when excluded.lines is null or o.reason not like 'lines: %' then o.reason end,
       step = case when o.step = 'waiting' and excluded.step = 'lines'
                    and (excluded.lines is not null or o.lines is null and not o.without_lines
                         or o.total is distinct from excluded.total) then 'lines'
                   when o.step = 'lines' and excluded.step = 'waiting' and o.tried then 'finding'
                   when o.step = 'lines' and excluded.lines is not null then excluded.step
                   else o.step end,
       not_before = case when excluded.lines is null then o.not_before end,
       -- Positions that were asked for are there, or not those of this version.
       batch = case when o.step = 'lines'
                      or o.step = 'done' and o.checking = 'wanted' and o.lines is null then null
                    else o.batch end,
       checking = case when o.step in ('making', 'details', 'done')
                        and (o.status, o.total) is distinct from (excluded.status, excluded.total)
                         or o.step in ('making', 'details', 'done') and excluded.lines is not null
                        and o.lines is distinct from excluded.lines
                       then coalesce(o.checking, 'wanted') else o.checking end,
       updated_at = now()
 where o.told_at < excluded.told_at
returning o.id, o.shop_id, o.code, o.step, o.checking
"""

# An order is ready for its deal once everything the deal is made of has its number in the CRM.
READY = """
select o.id, o.code, o.state, o.total, o.phone, o.first_name, o.last_name, o.together, o.ready_at,
       o.lines, o.note, o.currency, c.entity_id as contact_id
  from shop_order o
  left join crm_entity c on c.crm_id = $2 and c.catalog_id = 0 and c.key = o.phone
                        and c.state = 'known'
 where o.shop_id = $1 and o.step = 'waiting' and (o.lines is not null or o.without_lines)
   and (o.not_before is null or o.not_before <= clock_timestamp())
   and (o.phone is null or c.key is not null)
   and ($3::bigint = 0 or not exists (
       select from jsonb_array_elements(o.lines) l
        where l ->> 'sku' is not null and not exists (
           select from crm_entity e where e.crm_id = $2 and e.catalog_id = $3::bigint
              and e.key = l ->> 'sku' and e.state = 'known')))
 order by o.id limit 101
"""

# What an order waits for was refused: it cannot go on by itself.
HOPELESS = """
update shop_order o set step = 'stuck', reason = r.reason, updated_at = now()
  from (
    select o.id, min(case when e.catalog_id = 0 then 'contact_refused: ' else 'goods_refused: ' end
                     || coalesce(e.reason, '')) as reason
      from shop_order o
      join crm_entity e on e.crm_id = $2 and e.state = 'refused'
       and (e.catalog_id = 0 and e.key = o.phone
            or e.catalog_id = $3::bigint and $3::bigint <> 0 and o.lines @> jsonb_build_array(
                jsonb_build_object('sku', e.key)))
     where o.shop_id = $1 and o.step = 'waiting'
     group by o.id) r
 where o.id = r.id
"""


# Positions of which only the marketplace's own product is known.
UNNAMED = "lines @? '$[*] ? (@.sku == null && @.product != null)'"
# Positions or articles that can be asked for.
UNTOLD = f"(lines is null and not without_lines or coalesce({UNNAMED}, false))"
# After what was refused nothing is asked for some time.
DUE = "(not_before is null or not_before <= clock_timestamp())"


async def known(
    connection: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], Any]:
    """(shop, code) → the order as it was told last, locked."""
    rows = await connection.fetch(
        "select o.shop_id, o.code, o.status, o.total, o.lines, o.told_at from shop_order o "
        "join unnest($1::int[], $2::text[]) as g(shop_id, code) using (shop_id, code) "
        "order by o.id for update of o",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    )
    return {(row["shop_id"], row["code"]): row for row in rows}


async def put(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Write down what was told of orders; see PUT. Returns those that are new or newer."""
    return await connection.fetch(PUT, *columns(rows))


async def in_step(connection: Connection, shop_id: int, step: str, most: int) -> list[Any]:
    """Orders in a step that are in no call, oldest first."""
    return await connection.fetch(
        "select id, code, source_order, lines, phone, first_name, last_name, lead_id "
        "from shop_order where shop_id = $1 and step = $2 and batch is null order by id limit $3",
        shop_id,
        step,
        most,
    )


async def needs(connection: Connection, shop_id: int, crm_id: int, catalog_id: int) -> list[Any]:
    """(catalog, key, data) of contacts and goods that waiting orders need and nobody knows."""
    return await connection.fetch(
        "with waiting as materialized (select phone, first_name, last_name, lines, id "
        "  from shop_order where shop_id = $1 and step = 'waiting' "
        "    and (lines is not null or without_lines)) "
        "select distinct on (1, 2) * from ("
        "  select 0::bigint as catalog_id, phone as key, jsonb_build_object("
        "    'first_name', first_name, 'last_name', last_name) as data, id from waiting "
        "   where phone is not null "
        "  union all select $3::bigint, l ->> 'sku', jsonb_build_object("
        "    'name', l ->> 'name', 'price', l ->> 'price'), id from waiting, "
        "    jsonb_array_elements(lines) l "
        "    where $3::bigint <> 0 and l ->> 'sku' is not null) needed "
        "where not exists (select from crm_entity e where e.crm_id = $2 "
        "  and e.catalog_id = needed.catalog_id and e.key = needed.key) order by 1, 2, id",
        shop_id,
        crm_id,
        catalog_id,
    )


async def ready(connection: Connection, shop_id: int, crm_id: int, catalog_id: int) -> list[Any]:
    """Orders whose deals can be made; see READY. Notes since when."""
    await connection.execute(HOPELESS, shop_id, crm_id, catalog_id)
    rows = await connection.fetch(READY, shop_id, crm_id, catalog_id)
    fresh = [row["id"] for row in rows if row["ready_at"] is None]
    if fresh:
        await connection.execute(
            "update shop_order set ready_at = clock_timestamp() where id = any($1)", fresh
        )
    return rows


async def waiting(connection: Connection, shop_id: int) -> int:
    """How many orders are on their way to a deal, up to a few hundred."""
    found: int = await connection.fetchval(
        "select count(*) from (select from shop_order where shop_id = $1 "
        "and step in ('lines', 'finding', 'waiting') limit 500) few",
        shop_id,
    )
    return found


async def take(
    connection: Connection, ids: Sequence[int], batch: int, step: str | None = None
) -> None:
    """These orders are in a call now."""
    await connection.execute(
        "update shop_order set batch = $2, step = coalesce($3, step), updated_at = now(), "
        "tried = tried or coalesce($3 = 'making', false) "
        "where id = any($1)",
        list(ids),
        batch,
        step,
    )


async def in_batch(connection: Connection, batch: int) -> list[Any]:
    """The orders in a call, locked."""
    return await connection.fetch(
        "select id, shop_id, code, step, together, refused, told_at, lines, lines_tries, lead_id, "
        "phone, event_id, changes "
        "from shop_order where batch = $1 order by id for update",
        batch,
    )


async def put_back(
    connection: Connection, batch: int, step: str, together: int | None = None
) -> None:
    """The orders left over in a call go to this step."""
    await connection.execute(
        "update shop_order set step = $2, batch = null, together = coalesce($3, together), "
        "ready_at = null, updated_at = now(), not_before = case when $3 is not null "
        "then clock_timestamp() + interval '2 seconds' else not_before end where batch = $1",
        batch,
        step,
        together,
    )


async def not_found(connection: Connection, batch: int) -> None:
    """The orders in a call have no deal: they wait for one once their positions are known."""
    await connection.execute(
        "update shop_order set batch = null, ready_at = null, updated_at = now(), "  # noqa: S608
        f"step = case when {UNTOLD} then 'lines' else 'waiting' end where batch = $1",
        batch,
    )


async def without_customer(connection: Connection, shop_id: int, codes: Sequence[str]) -> set[str]:
    """Those of these orders whose buyer's data were deleted."""
    rows = await connection.fetch(
        "select code from shop_order where shop_id = $1 and code = any($2) "
        "and customer_deleted_at is not null",
        shop_id,
        list(codes),
    )
    return {row["code"] for row in rows}


async def stick(connection: Connection, batch: int, reason: str) -> None:
    """The orders left over in a call wait for a person."""
    await connection.execute(
        "update shop_order set step = 'stuck', batch = null, reason = $2, updated_at = now() "
        "where batch = $1",
        batch,
        reason,
    )


async def has_waited(connection: Connection, order_id: int, for_s: float) -> bool:
    """Whether an order has been ready for so long."""
    found: bool = await connection.fetchval(
        "select coalesce(ready_at < clock_timestamp() - make_interval(secs => $2), false) "
        "from shop_order where id = $1",
        order_id,
        for_s,
    )
    return found
