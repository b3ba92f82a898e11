"""When the rates of banks were taken, in the database."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from uzel.kit.database import Connection, Pool

BEGIN = """
insert into rate_fetch (connection_id) select unnest($1::int[]) on conflict do nothing
"""
LEASE = """
update rate_fetch f
   set leased_until = clock_timestamp() + make_interval(secs => $2), started_at = clock_timestamp()
  from (select connection_id from rate_fetch
         where connection_id = any($1) and ($3 or next_at <= clock_timestamp())
           and (leased_until is null or leased_until < clock_timestamp())
         for update skip locked) due
 where f.connection_id = due.connection_id
returning f.connection_id, f.source_date
"""


async def lease(
    pool: Pool, connection_ids: Sequence[int], for_s: float, *, at_once: bool = False
) -> list[Any]:
    """Take over those of these that are due, or all that nobody is at: (connection_id, source_date
    of the newest rates taken).
    """
    await pool.execute(BEGIN, list(connection_ids))
    return await pool.fetch(LEASE, list(connection_ids), for_s, at_once)


async def succeeded(
    connection: Connection,
    connection_id: int,
    source_date: date | None,
    next_at: datetime,
    found: Mapping[str, Any],
) -> None:
    """It is done until `next_at`. source_date: of the rates that came, None if none did."""
    await connection.execute(
        "update rate_fetch set succeeded_at = clock_timestamp(), leased_until = null, "
        "problem = null, next_at = $3, found = $4, source_date = greatest(source_date, $2) "
        "where connection_id = $1",
        connection_id,
        source_date,
        next_at,
        dict(found),
    )


async def failed(pool: Pool, connection_id: int, again_s: float, problem: str) -> None:
    """It could not be done; once more soon."""
    await pool.execute(
        "update rate_fetch set failed_at = clock_timestamp(), leased_until = null, problem = $3, "
        "next_at = clock_timestamp() + make_interval(secs => $2) where connection_id = $1",
        connection_id,
        again_s,
        problem,
    )


async def every(pool: Pool | Connection) -> list[Any]:
    """A row for each connection whose rates were ever asked for."""
    return await pool.fetch("select * from rate_fetch order by connection_id")
