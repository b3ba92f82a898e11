"""Requests on their way, in the database, where all processes see them."""

from typing import Any

from uzel.kit.database import Connection, Pool

# Nothing is lost with these rows that a crash of the database would not outlast.
LOCK = """
select pg_advisory_xact_lock(hashtext('passage'), $1), set_config('synchronous_commit', 'off', true)
"""

AGES = """
with gone as (
    delete from passage
     where connection_id = $1
       and coalesce(latest_at, sent_at + make_interval(secs => $3))
           < clock_timestamp() - make_interval(secs => $2)
)
select greatest(0, extract(epoch from clock_timestamp() - coalesce(latest_at,
       least(clock_timestamp(), sent_at + make_interval(secs => $3)))))::float8 as age_s
  from passage
 where connection_id = $1
   and coalesce(latest_at, sent_at + make_interval(secs => $3))
       >= clock_timestamp() - make_interval(secs => $2)
 order by 1
"""


async def lock(connection: Connection, connection_id: int) -> None:
    """One at a time, until the end of the transaction."""
    await connection.execute(LOCK, connection_id)


async def ages(
    connection: Connection, connection_id: int, width_s: float, longest_s: float
) -> list[float]:
    """For each request that can have arrived within the last `width_s`: how long ago at the least,
    seconds, the youngest first. One without an answer may arrive just now, until `longest_s` after
    it was sent.
    """
    rows: list[Any] = await connection.fetch(AGES, connection_id, width_s, longest_s)
    return [row["age_s"] for row in rows]


async def enter(connection: Connection, connection_id: int) -> int:
    """A request leaves: its number."""
    number: int = await connection.fetchval(
        "insert into passage (connection_id) values ($1) returning id", connection_id
    )
    return number


async def leave(pool: Pool, number: int, ago_s: float) -> None:
    """It was answered; it arrived `ago_s` ago at the latest."""
    await pool.execute(
        "update passage set latest_at = "
        "greatest(sent_at, clock_timestamp() - make_interval(secs => $2)) where id = $1",
        number,
        ago_s,
    )
