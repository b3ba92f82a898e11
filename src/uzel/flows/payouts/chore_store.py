"""When a provider of payouts is asked for its banks, its balance and its list, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

BEGIN = """
insert into payout_chore (connection_id, chore) select unnest($1::int[]), $2
on conflict do nothing
"""
LEASE = """
update payout_chore c
   set leased_until = clock_timestamp() + make_interval(secs => $3), started_at = clock_timestamp()
  from (select connection_id from payout_chore
         where connection_id = any($1) and chore = $2 and ($4 or next_at <= clock_timestamp())
           and (leased_until is null or leased_until < clock_timestamp())
         for update skip locked) due
 where c.connection_id = due.connection_id and c.chore = $2
returning c.connection_id
"""
# Many hints at once make one look.
HURRY = """
update payout_chore set next_at = clock_timestamp() + make_interval(secs => $3)
 where connection_id = any($1) and chore = $2
   and next_at > clock_timestamp() + make_interval(secs => $3)
"""


async def lease(
    pool: Pool, connection_ids: Sequence[int], chore: str, for_s: float, *, at_once: bool = False
) -> list[int]:
    """Take over those of these that are due, or all that nobody is at."""
    await pool.execute(BEGIN, list(connection_ids), chore)
    rows = await pool.fetch(LEASE, list(connection_ids), chore, for_s, at_once)
    return [row["connection_id"] for row in rows]


async def succeeded(
    connection: Connection, connection_id: int, chore: str, next_at: datetime
) -> None:
    """It is done until `next_at`."""
    await connection.execute(
        "update payout_chore set succeeded_at = clock_timestamp(), leased_until = null, "
        "problem = null, next_at = $3 where connection_id = $1 and chore = $2",
        connection_id,
        chore,
        next_at,
    )


async def failed(pool: Pool, connection_id: int, chore: str, again_s: float, problem: str) -> None:
    """It could not be done; once more soon."""
    await pool.execute(
        "update payout_chore set failed_at = clock_timestamp(), leased_until = null, problem = $4, "
        "next_at = clock_timestamp() + make_interval(secs => $3) "
        "where connection_id = $1 and chore = $2",
        connection_id,
        chore,
        again_s,
        problem,
    )


async def hurry(
    connection: Connection, connection_ids: Sequence[int], chore: str, within_s: float
) -> None:
    """Have it done soon."""
    await connection.execute(HURRY, list(connection_ids), chore, within_s)


async def every(pool: Pool | Connection, connection_id: int) -> list[Any]:
    """A row for each chore that was ever begun for a connection."""
    return await pool.fetch(
        "select * from payout_chore where connection_id = $1 order by chore", connection_id
    )


async def alone(connection: Connection, connection_id: int, chore: str) -> None:
    """Until the caller's transaction ends nobody else writes down what came of it."""
    await connection.execute(BEGIN, [connection_id], chore)
    await connection.execute(
        "select 1 from payout_chore where connection_id = $1 and chore = $2 for update",
        connection_id,
        chore,
    )
