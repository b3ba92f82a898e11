"""Runs of reconciliation and the differences they found, in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool, listed

OURS = (
    "p.id, p.public_id, p.connection_id, p.mark, p.state, p.amount_minor, p.currency, p.kind, "
    "coalesce(p.card_shown, p.phone) as target, p.bank_id, p.provider_id, p.created_at, "
    "p.updated_at"
)
# Of the window, all that are open, and all that the list names, through whatever connection.
TO_COMPARE = f"""
select {OURS} from payout p where p.connection_id = $1 and p.created_at >= $2 and p.created_at < $3
union
select {OURS} from payout p
 where p.connection_id = $1 and p.state in ('waiting', 'unknown', 'processing', 'review')
union
select {OURS} from payout p where p.mark = any($4::text[])
union
select {OURS} from payout p where p.provider_id = any($5::text[])
order by id
"""  # noqa: S608
OLDEST = """
select least(
    (select min(subject_at) from payout_difference
      where connection_id = $1 and resolved_at is null),
    (select min(created_at) from payout
      where connection_id = $1 and state in ('waiting', 'unknown', 'processing', 'review')))
    as oldest, (select created_at from connection where id = $1) as begun
"""
ADD_RUN = """
insert into payout_reconciliation
    (connection_id, since, until, started_at, made_by, void_because, ours, ours_minor, theirs,
     theirs_minor, balance_from_at, balance_from_minor, balance_to_at, balance_to_minor, left_minor)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
returning id
"""
# A person's word on a difference holds as long as both sides stay as that person saw them.
SEEN = """
with told as (
    select * from unnest($3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[],
                         $8::text::jsonb[], $9::text::jsonb[])
        as t (kind, subject, subject_at, payout_id, provider_id, ours, theirs)
), settled as (
    update payout_difference d
       set last_seen_at = clock_timestamp(), last_run_id = $2
      from told t
     where d.connection_id = $1 and d.kind = t.kind and d.subject = t.subject
       and d.note is not null
       and d.ours is not distinct from t.ours and d.theirs is not distinct from t.theirs
    returning d.kind, d.subject
)
insert into payout_difference as d
    (connection_id, kind, subject, subject_at, payout_id, provider_id, ours, theirs, first_run_id,
     last_run_id)
select $1, kind, subject, subject_at, payout_id, provider_id, ours, theirs, $2, $2
  from told t where not exists (select 1 from settled s
                                 where s.kind = t.kind and s.subject = t.subject)
on conflict (connection_id, kind, subject) where resolved_at is null do update
   set ours = excluded.ours, theirs = excluded.theirs, provider_id = excluded.provider_id,
       last_seen_at = clock_timestamp(), last_run_id = $2
returning d.kind, d.subject, d.first_run_id = $2 as new
"""
GONE = """
update payout_difference
   set resolved_at = clock_timestamp(), resolved_by = 'reconciliation'
 where connection_id = $1 and resolved_at is null and last_run_id <> $2
   and (kind = 'stale' or subject_at >= $3 and subject_at < $4) and subject <> all($5::text[])
returning id
"""
COUNTED = "update payout_reconciliation set seen = $2, new = $3, gone = $4 where id = $1"
NEAR = """
select at, balance_minor from payout_balance
 where connection_id = $1 and at >= $2 and at < $3 order by at {order} limit 1
"""


async def to_compare(
    connection: Connection,
    connection_id: int,
    since: datetime,
    until: datetime,
    marks: Sequence[str],
    provider_ids: Sequence[str],
) -> list[Any]:
    """OURS of all that a run has to look at."""
    return await connection.fetch(
        TO_COMPARE, connection_id, since, until, list(marks), list(provider_ids)
    )


async def oldest(connection: Connection, connection_id: int) -> Any:
    """(oldest: when the oldest came to be of what is open or differs, or None; begun: when the
    connection was made).
    """
    return await connection.fetchrow(OLDEST, connection_id)


async def add_run(connection: Connection, row: Sequence[Any]) -> int:
    """The number of a new one; see ADD_RUN."""
    found: int = await connection.fetchval(ADD_RUN, *row)
    return found


async def seen(
    connection: Connection, connection_id: int, run_id: int, rows: Sequence[Sequence[Any]]
) -> list[Any]:
    """Keep what a run saw: (kind, subject, when that came to be, payout, the provider's id, ours,
    theirs) of each. Gives (kind, subject, whether it is new), without those a person has settled.
    """
    if not rows:
        return []
    kinds, subjects, times, payouts, names, ours, theirs = zip(*rows, strict=True)
    return await connection.fetch(
        SEEN, connection_id, run_id, list(kinds), list(subjects), list(times), list(payouts),
        list(names), listed(ours), listed(theirs),
    )  # fmt: skip


async def gone(
    connection: Connection,
    connection_id: int,
    run_id: int,
    window: tuple[datetime, datetime],
    skipped: Collection[str],
) -> int:
    """How many are not there any more: within the window, not seen by this run, and not among
    those that it did not judge.
    """
    rows = await connection.fetch(GONE, connection_id, run_id, *window, list(skipped))
    return len(rows)


async def counted(connection: Connection, run_id: int, seen: int, new: int, gone: int) -> None:
    await connection.execute(COUNTED, run_id, seen, new, gone)


async def balances(
    connection: Connection, connection_id: int, since: datetime, until: datetime
) -> tuple[Any, Any]:
    """The first and the last balance of a time: (at, balance_minor) each, or None."""
    first = await connection.fetchrow(NEAR.format(order="asc"), connection_id, since, until)
    last = await connection.fetchrow(NEAR.format(order="desc"), connection_id, since, until)
    return first, last


async def settle(connection: Connection, number: int, made_by: str, note: str) -> Any:
    """A person has looked into a difference: (kind, subject), or None where it is not open."""
    return await connection.fetchrow(
        "update payout_difference set resolved_at = clock_timestamp(), resolved_by = $2, note = $3 "
        "where id = $1 and resolved_at is null returning kind, subject",
        number,
        made_by,
        note,
    )


async def open_differences(pool: Pool | Connection, connection_id: int | None) -> int:
    """How many nobody has settled."""
    found: int = await pool.fetchval(
        "select count(*) from payout_difference where resolved_at is null "
        "and ($1::int is null or connection_id = $1)",
        connection_id,
    )
    return found


async def zone(connection: Connection | Pool, connection_id: int) -> str:
    """The time zone of the business that pays."""
    found: str = await connection.fetchval(
        "select b.time_zone from connection c join business b on b.id = c.business_id "
        "where c.id = $1",
        connection_id,
    )
    return found
