"""What is known of a CRM's contacts and goods, in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.kit.database import Connection

CONTACTS = 0
TAKE = """
with taken as (
    select key, nextval('shop_batch') as own
      from crm_entity
     where crm_id = $1 and catalog_id = $2 and state = $3 and together >= $6
     order by state_at, key limit $5
)
update crm_entity e
   set state = $4, state_at = clock_timestamp(), batch = case when $7 then t.own else $8 end
  from taken t
 where e.crm_id = $1 and e.catalog_id = $2 and e.key = t.key
returning e.key, e.data, e.batch, e.together
"""


async def lock_crm(connection: Connection, crm_id: int) -> None:
    """One after the other plans what a CRM is asked, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(7270001, $1)", crm_id)


async def want(
    connection: Connection, rows: Sequence[tuple[int, int, str, Mapping[str, Any]]]
) -> None:
    """(CRM, catalog, key, data) that are needed; what is known of them stays."""
    if not rows:
        return
    columns = zip(*sorted(rows, key=lambda row: row[:3]), strict=True)
    await connection.execute(
        "insert into crm_entity (crm_id, catalog_id, key, data) "
        "select * from unnest($1::int[], $2::bigint[], $3::text[], $4::jsonb[]) "
        "on conflict do nothing",
        *(list(column) for column in columns),
    )


async def counts(connection: Connection, crm_id: int, catalog_id: int) -> dict[str, int]:
    """Those that are not known yet, by state."""
    rows = await connection.fetch(
        "select state, count(*) from crm_entity where crm_id = $1 and catalog_id = $2 "
        "and state <> 'known' group by state",
        crm_id,
        catalog_id,
    )
    return {row[0]: row[1] for row in rows}


async def absent(connection: Connection, crm_id: int, catalog_id: int) -> Any:
    """Of those that are to be made: how many of the first may share a call (`together`), how many
    there are (`count`) and for how long the first has waited (`age_s`).
    """
    return await connection.fetchrow(
        "select count(*) as count, (array_agg(together order by state_at, key))[1] as together, "
        "extract(epoch from clock_timestamp() - min(state_at))::float8 as age_s from crm_entity "
        "where crm_id = $1 and catalog_id = $2 and state = 'absent'",
        crm_id,
        catalog_id,
    )


async def next_batch(connection: Connection) -> int:
    """A number for a call."""
    found: int = await connection.fetchval("select nextval('shop_batch')")
    return found


async def take_each(connection: Connection, crm_id: int, catalog_id: int, most: int) -> list[Any]:
    """Wanted ones that are now searched for, each by a call of its own: (key, data, batch)."""
    return await connection.fetch(
        TAKE, crm_id, catalog_id, "wanted", "searching", most, 0, True, None
    )


async def take_all(
    connection: Connection,
    crm_id: int,
    catalog_id: int,
    states: tuple[str, str],
    most: int,
    together: int,
    batch: int,
) -> list[Any]:
    """Those that go from the first state to the second in one call: (key, data, batch)."""
    return await connection.fetch(TAKE, crm_id, catalog_id, *states, most, together, False, batch)


async def in_batch(connection: Connection, batch: int) -> list[Any]:
    """(crm_id, catalog_id, key, state, together) of those in a call."""
    return await connection.fetch(
        "select crm_id, catalog_id, key, state, together from crm_entity where batch = $1 "
        "order by key",
        batch,
    )


async def known(connection: Connection, batch: int, found: Mapping[str, int]) -> None:
    """Those of a call whose numbers (key → id) came back."""
    await connection.execute(
        "update crm_entity e set state = 'known', state_at = clock_timestamp(), batch = null, "
        "reason = null, entity_id = g.id from unnest($2::text[], $3::bigint[]) as g(key, id) "
        "where e.batch = $1 and e.key = g.key",
        batch,
        list(found),
        list(found.values()),
    )


async def put_back(
    connection: Connection, batch: int, state: str, together: int | None = None
) -> None:
    """Those of a call that are left over go to this state."""
    await connection.execute(
        "update crm_entity set state = $2, state_at = clock_timestamp(), batch = null, "
        "together = coalesce($3, together) where batch = $1",
        batch,
        state,
        together,
    )


async def refuse(connection: Connection, batch: int, reason: str) -> None:
    """Those of a call cannot be had: a person has to look."""
    await connection.execute(
        "update crm_entity set state = 'refused', state_at = clock_timestamp(), batch = null, "
        "reason = $2 where batch = $1",
        batch,
        reason,
    )


async def ids(
    connection: Connection, crm_id: int, catalog_id: int, keys: Sequence[str]
) -> dict[str, int]:
    """key → id of those that are known."""
    rows = await connection.fetch(
        "select key, entity_id from crm_entity where crm_id = $1 and catalog_id = $2 "
        "and key = any($3) and state = 'known'",
        crm_id,
        catalog_id,
        list(keys),
    )
    return {row["key"]: row["entity_id"] for row in rows}


async def refused(
    connection: Connection, crm_id: int, catalog_id: int, keys: Sequence[str]
) -> dict[str, str]:
    """key → why, of those that cannot be had."""
    rows = await connection.fetch(
        "select key, coalesce(reason, '') as reason from crm_entity where crm_id = $1 "
        "and catalog_id = $2 and key = any($3) and state = 'refused'",
        crm_id,
        catalog_id,
        list(keys),
    )
    return {row["key"]: row["reason"] for row in rows}


async def forget_elements(connection: Connection, crm_id: int, elements: Sequence[int]) -> None:
    """These goods may be there no more: their articles are searched for anew."""
    await connection.execute(
        "update crm_entity set state = 'wanted', state_at = clock_timestamp(), entity_id = null, "
        "batch = null, reason = null, together = 50 "
        "where crm_id = $1 and catalog_id <> 0 and entity_id = any($2) and state = 'known'",
        crm_id,
        list(elements),
    )


async def forget(connection: Connection, crm_id: int, catalog_id: int, keys: Sequence[str]) -> None:
    """What was known of these proved wrong: searched for anew."""
    await connection.execute(
        "update crm_entity set state = 'wanted', state_at = clock_timestamp(), entity_id = null, "
        "batch = null, reason = null, together = 50 "
        "where crm_id = $1 and catalog_id = $2 and key = any($3) "
        "and state in ('known', 'refused')",
        crm_id,
        catalog_id,
        list(keys),
    )
