"""Exchange rates in the database."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from uzel.kit.database import Connection, Pool

# One at a time for each pair, both ways round.
LOCK = "select pg_advisory_xact_lock(hashtextextended('rate ' || $1, 0))"
# What each source says of each pair at a moment, in the order of the sources. A row without a
# value: the source has ended the pair.
IN_FORCE = """
with moment as materialized (select coalesce($3::timestamptz, clock_timestamp()) as at)
select r.*, d.effective_at, d.decided_by, moment.at
  from moment
 cross join unnest($1::text[]) as p(pair)
 cross join unnest($2::text[]) with ordinality as s(source, place)
 cross join lateral (
    select d.rate_id, d.effective_at, d.decided_by from rate_decision d
     where d.pair = p.pair and d.source = s.source and d.outcome = 'active'
       and d.effective_at <= (select at from moment)
     order by d.effective_at desc, d.rate_id desc limit 1) d
  join rate r on r.id = d.rate_id
 order by p.pair, s.place
"""
# The newest version of a source that is or will be in force.
LAST = """
select r.*, d.effective_at, d.decided_by
  from rate_decision d join rate r on r.id = d.rate_id
 where d.pair = $1 and d.source = $2 and d.outcome = 'active' and r.value is not null
 order by d.effective_at desc, d.rate_id desc limit 1
"""
LAST_APPROVED = """
select r.*, d.effective_at, d.decided_by
  from rate_decision d join rate r on r.id = d.rate_id
 where d.pair = $1 and d.source = 'admin' and d.outcome = 'active' and r.value is not null
   and d.decided_by is not null and d.effective_at > $2
 order by d.effective_at desc, d.rate_id desc limit 1
"""
# The newest version from before a moment; where there is none, the first one after it.
BEFORE = """
select r.*, d.effective_at, d.decided_by
  from rate_decision d join rate r on r.id = d.rate_id
 where d.pair = $1 and d.source = 'admin' and d.outcome = 'active' and r.value is not null
 order by d.effective_at > $2, abs(extract(epoch from d.effective_at - $2)), d.rate_id limit 1
"""
ADD = """
insert into rate (base, quote, value, nominal, source, source_date, valid_from, entered_by, move,
                  doubt)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id
"""
# Never before what is in force already: what was said of a moment that has passed stays true.
ACTIVATE = """
with moment as materialized (select clock_timestamp() as at)
insert into rate_decision (rate_id, pair, source, outcome, effective_at, decided_at, decided_by)
select r.id, r.pair, r.source, 'active',
       greatest(moment.at, r.valid_from,
                (select max(d.effective_at) from rate_decision d
                  where r.source = 'admin' and d.pair = r.pair and d.source = r.source
                    and d.outcome = 'active')),
       moment.at, $2
  from rate r, moment where r.id = $1 returning effective_at
"""
REFUSE = """
insert into rate_decision (rate_id, pair, source, outcome, decided_by, reason)
select r.id, r.pair, r.source, 'refused', $2, $3 from rate r where r.id = $1
"""
KNOWN = """
select r.id, r.doubt, r.move, d.outcome from rate r left join rate_decision d on d.rate_id = r.id
 where r.source = $1 and r.source_date = $2 and r.base = $3 and r.quote = $4 and r.value = $5
"""
OTHER_VALUE = """
select exists (select 1 from rate where source = $1 and source_date = $2 and base = $3
                                    and quote = $4 and value <> $5)
"""
ONE = """
select r.*, d.outcome, d.decided_by, d.decided_at
  from rate r left join rate_decision d on d.rate_id = r.id where r.id = $1
"""
WAITING = """
select r.* from rate r
 where r.doubt is not null and not exists (select 1 from rate_decision d where d.rate_id = r.id)
   and not rate_is_superseded(r)
 order by r.id
"""
HISTORY = """
select r.*, d.effective_at, d.decided_by
  from rate_decision d join rate r on r.id = d.rate_id
 where d.pair = $1 and d.outcome = 'active' and d.effective_at >= $2
   and d.effective_at <= clock_timestamp()
 order by d.effective_at, d.rate_id
"""
POLICY = """
select move_percent, jump_percent, bank_days, admin_days, sources, set_by, set_at
  from rate_policy order by id desc limit 1
"""


async def lock(connection: Connection, key: str) -> None:
    """Until the end of the transaction."""
    await connection.execute(LOCK, key)


async def in_force(
    connection: Connection | Pool,
    keys: Sequence[str],
    sources: Sequence[str],
    at: datetime | None = None,
) -> list[Any]:
    """Of each pair what each source says at a moment (None: now), and that moment as `at`."""
    return await connection.fetch(IN_FORCE, list(keys), list(sources), at)


async def last(connection: Connection, key: str, source: str) -> Any:
    """The newest version of a source, in force or to be."""
    return await connection.fetchrow(LAST, key, source)


async def last_approved(connection: Connection, key: str, since: datetime) -> Any:
    """The newest version that a second person has approved since."""
    return await connection.fetchrow(LAST_APPROVED, key, since)


async def before(connection: Connection, key: str, at: datetime) -> Any:
    """What people had entered last before a moment, ended since or not; or else first after it."""
    return await connection.fetchrow(BEFORE, key, at)


async def add(
    connection: Connection,
    *,
    base: str,
    quote: str,
    value: Decimal | None,
    nominal: int,
    source: str,
    source_date: date | None,
    valid_from: datetime | None,
    by: str,
    move: Decimal | None,
    doubt: str | None,
) -> int:
    """The number of the new version."""
    number: int = await connection.fetchval(
        ADD, base, quote, value, nominal, source, source_date, valid_from, by, move, doubt
    )
    return number


async def activate(connection: Connection, version: int, by: str | None = None) -> datetime:
    """From when on it is in force."""
    at: datetime = await connection.fetchval(ACTIVATE, version, by)
    return at


async def refuse(connection: Connection, version: int, by: str | None, reason: str | None) -> None:
    await connection.execute(REFUSE, version, by, reason)


async def known(
    connection: Connection, source: str, day: date, base: str, quote: str, value: Decimal
) -> Any:
    """(id, doubt, move, outcome) of what a bank has said before."""
    return await connection.fetchrow(KNOWN, source, day, base, quote, value)


async def said_otherwise(
    connection: Connection, source: str, day: date, base: str, quote: str, value: Decimal
) -> bool:
    """Whether the bank has given another value for the same day."""
    return bool(await connection.fetchval(OTHER_VALUE, source, day, base, quote, value))


async def one(connection: Connection | Pool, version: int) -> Any:
    """A version with its outcome (None: it waits), None where there is no such one."""
    return await connection.fetchrow(ONE, version)


async def is_superseded(connection: Connection, version: int) -> bool:
    """Whether a newer version of the same source has taken its place."""
    return bool(
        await connection.fetchval(
            "select rate_is_superseded(r) from rate r where r.id = $1", version
        )
    )


async def waiting(connection: Connection | Pool) -> list[Any]:
    """Versions that wait for a person, oldest first, without those whose time has passed."""
    return await connection.fetch(WAITING)


async def pairs(connection: Connection | Pool) -> list[str]:
    """The keys of all pairs that ever had a rate."""
    rows = await connection.fetch("select distinct pair from rate_decision order by pair")
    return [row["pair"] for row in rows]


async def history(connection: Connection | Pool, key: str, since: datetime) -> list[Any]:
    """Versions that came into force since, oldest first."""
    return await connection.fetch(HISTORY, key, since)


async def policy(connection: Connection | Pool) -> Any:
    """The newest settings, None where nobody has set any."""
    return await connection.fetchrow(POLICY)


async def add_policy(
    connection: Connection,
    *,
    move_percent: Decimal,
    jump_percent: Decimal,
    bank_days: int,
    admin_days: int | None,
    sources: Sequence[str],
    by: str,
) -> None:
    await connection.execute(
        "insert into rate_policy (move_percent, jump_percent, bank_days, admin_days, sources, "
        "set_by) values ($1, $2, $3, $4, $5, $6)",
        move_percent,
        jump_percent,
        bank_days,
        admin_days,
        list(sources),
        by,
    )
