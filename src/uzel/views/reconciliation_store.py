"""Runs of reconciliation and their differences, read for people."""

from typing import Any

from uzel.kit.database import Connection, Pool

RUNS = """
select id, connection_id, since, until, started_at, finished_at, made_by, void_because, ours,
       ours_minor, theirs, theirs_minor, seen, new, gone, balance_from_at, balance_from_minor,
       balance_to_at, balance_to_minor, left_minor
  from payout_reconciliation
 where ($1::int is null or connection_id = $1) and ($2::bigint is null or id < $2)
 order by id desc limit $3
"""
DIFFERENCE = (
    "d.id, d.connection_id, d.kind, d.subject, d.subject_at, d.payout_id, p.public_id, "
    "d.provider_id, d.ours, d.theirs, d.first_seen_at, d.last_seen_at, d.resolved_at, "
    "d.resolved_by, d.note"
)
# What may be somebody paid twice comes first.
DIFFERENCES = f"""
select {DIFFERENCE} from payout_difference d left join payout p on p.id = d.payout_id
 where ($1::int is null or d.connection_id = $1) and (d.resolved_at is null) = $2
   and ($3::text is null or d.kind = $3)
 order by d.kind <> 'duplicate', d.id desc limit $4 offset $5
"""  # noqa: S608
ONE = f"""
select {DIFFERENCE} from payout_difference d left join payout p on p.id = d.payout_id
 where d.id = $1
"""  # noqa: S608
COUNTS = """
select kind, count(*) as count from payout_difference
 where resolved_at is null and ($1::int is null or connection_id = $1) group by kind
"""
# Of connections that are in use: when the list was read whole last, and why not since.
LAST = """
select c.id, c.name, h.succeeded_at, h.problem
  from connection c join payout_chore h on h.connection_id = c.id and h.chore = 'reconcile'
 where c.state = 'active' order by c.id
"""


async def runs(
    pool: Pool | Connection, connection_id: int | None, before: int | None, most: int
) -> list[Any]:
    """The newest first."""
    return await pool.fetch(RUNS, connection_id, before, most)


async def differences(
    pool: Pool | Connection,
    connection_id: int | None,
    kind: str | None,
    most: int,
    skip: int,
    *,
    is_open: bool,
) -> list[Any]:
    """The loudest first, then the newest."""
    return await pool.fetch(DIFFERENCES, connection_id, is_open, kind, most, skip)


async def difference(pool: Pool | Connection, number: int) -> Any:
    """One of them, or None."""
    return await pool.fetchrow(ONE, number)


async def counts(pool: Pool | Connection, connection_id: int | None) -> dict[str, int]:
    """Class → how many nobody has settled."""
    rows = await pool.fetch(COUNTS, connection_id)
    return {row["kind"]: row["count"] for row in rows}


async def last(pool: Pool | Connection) -> list[Any]:
    """(id, name, succeeded_at, problem) of connections that are compared every night."""
    return await pool.fetch(LAST)
