"""Limits of payouts in the database, and what of them lies in the accounts of a day."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

# What a new account of a day cannot know of: money that left earlier in the day, or is held.
BEFORE = """
select coalesce(sum(amount_minor), 0)::bigint as sum, count(*) as count from payout
 where connection_id = $1 and created_at >= $2 and state not in ('failed', 'cancelled')
   and ($3::bytea is null or target = $3) and ($4::text is null or made_by = $4)
"""
RULES = """
select payout_minor, person_day_minor, day_minor, person_count, operator_day_minor
  from payout_rules where connection_id = $1
"""
SET_RULES = """
insert into payout_rules (connection_id, payout_minor, person_day_minor, day_minor, person_count,
                          operator_day_minor)
values ($1, $2, $3, $4, $5, $6)
on conflict (connection_id) do update
   set payout_minor = excluded.payout_minor, person_day_minor = excluded.person_day_minor,
       day_minor = excluded.day_minor, person_count = excluded.person_count,
       operator_day_minor = excluded.operator_day_minor, updated_at = clock_timestamp()
"""


async def zone(connection: Connection, connection_id: int) -> str:
    """The IANA name of the zone of a connection's business."""
    found: str = await connection.fetchval(
        "select b.time_zone from connection n join business b on b.id = n.business_id "
        "where n.id = $1",
        connection_id,
    )
    return found


async def before(
    connection: Connection,
    connection_id: int,
    since: datetime,
    target: bytes | None,
    made_by: str | None,
) -> Any:
    """(sum, count) of the payouts taken in since, that count; of one person, or of one asker."""
    return await connection.fetchrow(BEFORE, connection_id, since, target, made_by)


async def level(connection: Connection, account: int) -> Any:
    """(filled_minor, before_minor) of an account of a day; None: it is new."""
    return await connection.fetchrow(
        "select filled_minor, before_minor from payout_limit where account_id = $1", account
    )


async def open_level(connection: Connection, account: int, before_minor: int) -> None:
    """Nothing lies there yet."""
    await connection.execute(
        "insert into payout_limit (account_id, before_minor) values ($1, $2) "
        "on conflict do nothing",
        account,
        before_minor,
    )


async def lock_level(connection: Connection, account: int) -> Any:
    """The same as `level`, locked."""
    return await connection.fetchrow(
        "select filled_minor, before_minor from payout_limit where account_id = $1 for update",
        account,
    )


async def set_level(connection: Connection, account: int, filled_minor: int) -> int:
    """So much lies there now; the how many-th change this is."""
    found: int = await connection.fetchval(
        "update payout_limit set filled_minor = $2, changes = changes + 1 where account_id = $1 "
        "returning changes",
        account,
        filled_minor,
    )
    return found


async def rules(connection: Connection | Pool, connection_id: int) -> Any:
    """(payout_minor, person_day_minor, day_minor, person_count, operator_day_minor), or None."""
    return await connection.fetchrow(RULES, connection_id)


async def set_rules(connection: Connection, connection_id: int, *limits: int | None) -> None:
    """In the order of `rules`."""
    await connection.execute(SET_RULES, connection_id, *limits)
