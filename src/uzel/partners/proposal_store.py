"""What people have moved by hand, or would like to, in the database."""

from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool

# One move of a partner at a time, so that what one person moves adds up.
LOCK = "select pg_advisory_xact_lock(hashtextextended('money ' || coalesce($1::int, 0), 0))"
LIMIT = """
select amount_minor from partner_proposal
 where kind = 'money_limit' and state in ('done', 'approved')
 order by coalesce(decided_at, proposed_at) desc, id desc limit 1
"""
ALONE = """
select coalesce(sum(weight_minor), 0)::bigint from partner_proposal
 where partner_id = $1 and state = 'done' and proposed_at > clock_timestamp() - $2::interval
"""
ADD = """
insert into partner_proposal (partner_id, kind, amount_minor, weight_minor, reason, origin, state,
                              proposed_by, entry_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id
"""
ADMIN = """
select exists (select 1 from person where lower(login) = rate_person($1) and disabled_at is null
                                      and (role = 'admin' or not $2))
"""
LISTED = """
select o.id, o.partner_id, o.kind, o.amount_minor, o.weight_minor, o.reason, o.origin, o.state,
       o.proposed_by, o.proposed_at, o.decided_by, o.decided_at, o.decided_reason, o.entry_id,
       p.name, p.public_id, p.currency, p.account_id
  from partner_proposal o left join partner p on p.id = o.partner_id
"""


async def lock(connection: Connection, partner_id: int | None) -> None:
    """Until the end of the transaction; None: the limit itself."""
    await connection.execute(LOCK, partner_id)


async def limit(connection: Connection | Pool) -> int | None:
    """Whole units; None: nobody has set any."""
    found: int | None = await connection.fetchval(LIMIT)
    return found


async def alone(connection: Connection, partner_id: int, within: timedelta) -> int:
    """What was moved for a partner without a second person, in minor units."""
    found: int = await connection.fetchval(ALONE, partner_id, within)
    return found


async def add(
    connection: Connection,
    *,
    partner_id: int | None,
    kind: str,
    amount_minor: int,
    weight_minor: int,
    reason: str,
    origin: str,
    state: str,
    by: str,
    entry_id: int | None,
) -> int:
    """The number of the new one."""
    number: int = await connection.fetchval(
        ADD, partner_id, kind, amount_minor, weight_minor, reason, origin, state, by, entry_id
    )
    return number


async def by_origin(connection: Connection, origin: str) -> Any:
    """The one that was asked under this origin, or None."""
    return await connection.fetchrow(f"{LISTED} where o.origin = $1", origin)


async def one(connection: Connection | Pool, number: int) -> Any:
    """With `name`, `currency`, `account_id` of its partner; None where there is none."""
    return await connection.fetchrow(f"{LISTED} where o.id = $1", number)


async def waiting(connection: Connection | Pool, partner_id: int | None = None) -> list[Any]:
    """Those that wait for a second person, oldest first; of one partner, or all."""
    return await connection.fetch(
        f"{LISTED} where o.state = 'waiting' and ($1::int is null or o.partner_id = $1) "
        "order by o.id",
        partner_id,
    )


async def newest(connection: Connection | Pool, partner_id: int | None, most: int) -> list[Any]:
    """The newest ones of a partner (None: of the limit itself)."""
    return await connection.fetch(
        f"{LISTED} where o.partner_id is not distinct from $1 "
        "order by o.proposed_at desc, o.id desc limit $2",
        partner_id,
        most,
    )


async def decide(
    connection: Connection,
    number: int,
    state: str,
    by: str,
    reason: str | None,
    entry_id: int | None = None,
) -> None:
    """Its end; the database refuses a second one, and the same person."""
    await connection.execute(
        "update partner_proposal set state = $2, decided_by = $3, decided_reason = $4, "
        "entry_id = $5, decided_at = clock_timestamp() where id = $1",
        number,
        state,
        by,
        reason,
        entry_id,
    )


async def is_known(connection: Connection | Pool, by: str, *, as_admin: bool) -> bool:
    """Whether the name is of somebody who may sign in."""
    return bool(await connection.fetchval(ADMIN, by, as_admin))


async def waiting_count(connection: Connection | Pool) -> tuple[int, Any]:
    """(how many wait for a second person, since when the first of them does)."""
    (row,) = await connection.fetch(
        "select count(*) as count, min(proposed_at) as at from partner_proposal "
        "where state = 'waiting'"
    )
    return row["count"], row["at"]


async def of_entry(connection: Connection, entry: int) -> int | None:
    """The proposal that an entry carries out."""
    found: int | None = await connection.fetchval(
        "select id from partner_proposal where entry_id = $1", entry
    )
    return found
