"""Mirrors of registries, as people look at them, in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool

MIRRORS = """
select m.id, m.business_id, b.name as business, m.source_id, s.name as source, m.crm_id,
       n.name as crm, m.state, m.settings, m.since, m.read_at, m.problem,
       count(i.id) filter (where i.lead_id is not null) as deals,
       count(i.id) filter (where i.step in ('waiting', 'making', 'finding')) as waiting,
       count(i.id) filter (where i.step = 'stuck') as stuck,
       count(i.id) filter (where i.lead_id is not null and i.notes <> '[]') as notes,
       count(i.id) filter (where i.step = 'done' and i.reason is not null) as unwritten
  from crm_mirror m join business b on b.id = m.business_id join connection n on n.id = m.crm_id
  left join connection s on s.id = m.source_id
  left join crm_mirrored i on i.mirror_id = m.id
 where $1::bigint is null or m.business_id = $1
 group by m.id, b.name, s.name, n.name order by m.id
"""
TROUBLE = """
select m.business_id, b.name as business, m.source_id, s.name as source, m.problem,
       i.stuck, i.since, i.number
  from crm_mirror m join business b on b.id = m.business_id
  left join connection s on s.id = m.source_id
  cross join lateral (
      select count(*) as stuck, min(step_at) as since, (array_agg(number order by id))[1] as number
        from crm_mirrored where mirror_id = m.id and step = 'stuck') i
 where m.state = 'on' and (i.stuck > 0 or m.problem is not null) order by m.id
"""


async def mirrors(connection: Connection | Pool, business_id: int | None = None) -> list[Any]:
    """All mirrors, or those of a business, with how far they are."""
    return await connection.fetch(MIRRORS, business_id)


async def stuck(connection: Connection | Pool, mirror_id: int, most: int) -> list[Any]:
    """(number, deal_name, step, reason) of what waits for a person, the newest first; of deals
    whose note is not written, too.
    """
    return await connection.fetch(
        "select number, deal_name, step, reason, lead_id from crm_mirrored where mirror_id = $1 "
        "and (step = 'stuck' or step = 'done' and reason is not null) order by id desc limit $2",
        mirror_id,
        most,
    )


async def of_record(connection: Connection | Pool, business_id: int, number: str) -> Any:
    """What became of a record of the registry itself, as (step, lead_id, reason, crm_id, deal_at,
    mirror_id, state: on or off); None where it is mirrored nowhere.
    """
    return await connection.fetchrow(
        "select i.step, i.lead_id, i.reason, i.deal_at, m.crm_id, m.id as mirror_id, m.state "
        "from crm_mirrored i join crm_mirror m on m.id = i.mirror_id where m.business_id = $1 "
        "and m.source_id is null and i.number = $2 and i.step not in ('known', 'left_out')",
        business_id,
        number,
    )


async def stuck_count(connection: Connection | Pool) -> int:
    """How many wait for a person, of all mirrors that are on."""
    found: int = await connection.fetchval(
        "select count(*) from crm_mirrored i join crm_mirror m on m.id = i.mirror_id "
        "where i.step = 'stuck' and m.state = 'on'"
    )
    return found


async def in_trouble(connection: Connection | Pool) -> list[Any]:
    """(business_id, business, source_id, source, problem, stuck, since, number) of the mirrors that
    are on and need somebody; number: of the oldest that is
    stuck.
    """
    return await connection.fetch(TROUBLE)
