"""What a provider said it holds of ours, and what leaves, in the database."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

OPEN = "('waiting', 'unknown', 'processing', 'review')"
HELD = """
coalesce((select b.held_minor from ledger_account a join ledger_balance b on b.account_id = a.id
           where a.book = 'live' and a.name = 'payouts:' || $1::int and a.currency = $2), 0)
"""
UNSENT = """
coalesce((select sum(amount_minor) from payout
           where connection_id = $1 and currency = $2 and state = 'waiting'), 0)::bigint
"""
ADD = f"""
insert into payout_balance (connection_id, currency, balance_minor, held_minor, unsent_minor)
values ($1, $2, $3, {HELD}, {UNSENT})
"""  # noqa: S608
NOW = f"select {HELD} as held_minor, {UNSENT} as unsent_minor"
OUTFLOW = """
select (p.ended_at at time zone $2)::date as day, sum(p.amount_minor)::bigint as amount_minor
  from payout p
 where p.connection_id = $1 and p.state = 'paid' and p.ended_at >= $3 and p.ended_at < $4
 group by 1 order by 1
"""
# The last of each hour and day stays; so a picture of a year has a point a day.
PRUNE = """
delete from payout_balance b using (
    select connection_id, at, row_number() over (
        partition by connection_id, case when at < $1 then date_trunc('day', at)
                                         else date_trunc('hour', at) end
        order by at desc) as place
      from payout_balance where at < $2) old
 where old.place > 1 and b.connection_id = old.connection_id and b.at = old.at
"""
SHORT = """
select count(*) from (
    select distinct on (connection_id) connection_id, balance_minor, currency from payout_balance
     order by connection_id, at desc) b
  join connection c on c.id = b.connection_id and c.state <> 'off'
  join ledger_account a on a.book = 'live' and a.currency = b.currency
       and a.name = 'payouts:' || b.connection_id
  join ledger_balance l on l.account_id = a.id
 where b.balance_minor < l.held_minor
"""


async def add(
    connection: Connection, connection_id: int, currency: str, balance_minor: int
) -> None:
    """A balance as it was told just now."""
    await connection.execute(ADD, connection_id, currency, balance_minor)


async def newest(pool: Pool | Connection, connection_id: int) -> Any:
    """(at, currency, balance_minor, held_minor, unsent_minor), or None."""
    return await pool.fetchrow(
        "select at, currency, balance_minor, held_minor, unsent_minor from payout_balance "
        "where connection_id = $1 order by at desc limit 1",
        connection_id,
    )


async def standing(pool: Pool | Connection, connection_id: int, currency: str) -> Any:
    """(held_minor, unsent_minor) of now."""
    return await pool.fetchrow(NOW, connection_id, currency)


async def since(pool: Pool | Connection, connection_id: int, at: datetime) -> list[Any]:
    """(at, balance_minor, held_minor), the oldest first."""
    return await pool.fetch(
        "select at, balance_minor, held_minor from payout_balance "
        "where connection_id = $1 and at >= $2 order by at",
        connection_id,
        at,
    )


async def outflow(
    pool: Pool | Connection, connection_id: int, zone: str, since: datetime, until: datetime
) -> list[Any]:
    """(day, amount_minor) of what was paid, by the days of a zone."""
    return await pool.fetch(OUTFLOW, connection_id, zone, since, until)


async def first_paid(pool: Pool | Connection, connection_id: int) -> datetime | None:
    """When the first payout was taken in."""
    found: datetime | None = await pool.fetchval(
        "select min(created_at) from payout where connection_id = $1", connection_id
    )
    return found


async def prune(pool: Pool | Connection, daily_before: datetime, hourly_before: datetime) -> None:
    """Leave one of each day of what is older, and one of each hour in between."""
    await pool.execute(PRUNE, daily_before, hourly_before)


async def short(pool: Pool | Connection) -> int:
    """How many connections hold less at the provider than their open payouts need."""
    found: int = await pool.fetchval(SHORT)
    return found
