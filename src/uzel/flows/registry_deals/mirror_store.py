"""Mirrors in the database: which registry becomes deals of which CRM."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

SELECT = (
    "select id, business_id, source_id, crm_id, state, settings, since, read_up_to, read_at, "
    "problem from crm_mirror"
)


async def every(connection: Connection | Pool, *, on: bool = True) -> list[Any]:
    """Those that are on, or all."""
    return await connection.fetch(f"{SELECT} where state = 'on' or not $1 order by id", on)


async def one(connection: Connection | Pool, mirror_id: int) -> Any:
    return await connection.fetchrow(f"{SELECT} where id = $1", mirror_id)


async def of_crm(connection: Connection, crm_id: int) -> list[Any]:
    """Those that are on and make deals there."""
    return await connection.fetch(
        f"{SELECT} where crm_id = $1 and state = 'on' order by id", crm_id
    )


async def of_source(connection: Connection | Pool, business_id: int, source_id: int | None) -> Any:
    """The one of a registry, on or off."""
    return await connection.fetchrow(
        f"{SELECT} where business_id = $1 and source_id is not distinct from $2",
        business_id,
        source_id,
    )


async def save(
    connection: Connection,
    business_id: int,
    source_id: int | None,
    crm_id: int,
    settings: Mapping[str, Any],
    since: datetime,
    made_by: str,
) -> int:
    """Switch one on, with these settings."""
    found: int = await connection.fetchval(
        "insert into crm_mirror (business_id, source_id, crm_id, settings, since, made_by) "
        "values ($1, $2, $3, $4, $5, $6) on conflict (business_id, coalesce(source_id, 0)) "
        "do update set state = 'on', crm_id = $3, settings = $4, since = $5, read_up_to = '{}', "
        "read_at = null, problem = null returning id",
        business_id,
        source_id,
        crm_id,
        settings,
        since,
        made_by,
    )
    return found


async def set_state(connection: Connection, mirror_id: int, state: str) -> None:
    await connection.execute("update crm_mirror set state = $2 where id = $1", mirror_id, state)


async def lease(pool: Pool, mirror_id: int, seconds: float) -> bool:
    """Whether a vtiger is ours to read now: once in so long, by one process."""
    found = await pool.fetchval(
        "update crm_mirror set read_at = clock_timestamp() where id = $1 and state = 'on' "
        "and (read_at is null or read_at < clock_timestamp() - make_interval(secs => $2)) "
        "returning id",
        mirror_id,
        seconds,
    )
    return found is not None


async def note_read(
    connection: Connection | Pool,
    mirror_id: int,
    module: str | None,
    up_to: int,
    problem: str | None,
) -> None:
    """How far a vtiger was read, or why it was not."""
    await connection.execute(
        "update crm_mirror set problem = $4, read_up_to = case when $2::text is null "
        "then read_up_to else read_up_to || jsonb_build_object($2::text, $3::bigint) end "
        "where id = $1",
        mirror_id,
        module,
        up_to,
        problem,
    )


async def add_earlier(connection: Connection, mirror: Any) -> int:
    """Have the records of a registry looked at that were made since the mirror's beginning, and
    those that it knows already: it may have been off for a while.
    """
    done = await connection.execute(
        "insert into crm_news (record_id, business_id) select id, business_id from crm_record r "
        "where business_id = $1 and module in ('Contacts', 'Project') "
        "and (deleted_at is null and created_at >= $2 or exists (select from crm_mirrored i "
        "where i.mirror_id = $3 and split_part(i.number, 'x', 2) = r.id::text)) "
        "order by id on conflict do nothing",
        mirror["business_id"],
        mirror["since"],
        mirror["id"],
    )
    return int(done.split()[-1])


async def take_news(connection: Connection, business_id: int, most: int) -> list[int]:
    """Records that were written, the longest ago first; another process takes others."""
    rows = await connection.fetch(
        "delete from crm_news where record_id in (select record_id from crm_news "
        "where business_id = $1 order by at, record_id limit $2 for update skip locked) "
        "returning record_id",
        business_id,
        most,
    )
    return sorted(row["record_id"] for row in rows)


async def records(connection: Connection, numbers: list[int]) -> list[Any]:
    """Rows of the registry, those deleted among them."""
    return await connection.fetch(
        "select * from crm_record where id = any($1::bigint[]) order by id", numbers
    )


async def count_earlier(connection: Connection, mirror: Any, modules: Sequence[str]) -> int:
    """Living records made since the mirror's beginning that have no deal."""
    found: int = await connection.fetchval(
        "select count(*) from crm_record r where r.business_id = $1 and r.module = any($2) "
        "and r.deleted_at is null and r.created_at >= $3 and not exists (select from crm_mirrored "
        "i where i.mirror_id = $4 and i.step <> 'known' and split_part(i.number, 'x', 2) = "
        "r.id::text)",
        mirror["business_id"],
        list(modules),
        mirror["since"],
        mirror["id"],
    )
    return found


async def newest(connection: Connection, business_id: int, modules: Sequence[str]) -> Any:
    """The newest living record of these modules."""
    return await connection.fetchrow(
        "select * from crm_record where business_id = $1 and module = any($2) "
        "and deleted_at is null order by id desc limit 1",
        business_id,
        list(modules),
    )
