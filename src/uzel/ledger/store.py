"""The ledger in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection
from uzel.ledger.judge import Writing

# One order of locks for everybody, so nobody waits for who waits for him. The shared one lets the
# chain know when nobody posts; see chain_store.LAST.
LOCK = """
with posting as materialized (select pg_advisory_xact_lock_shared(hashtext('ledger_entry')))
select b.account_id, a.book, a.currency, b.posted_minor, b.held_minor, b.version, b.floor_minor
  from posting, ledger_balance b join ledger_account a on a.id = b.account_id
 where b.account_id = any($1) order by b.account_id for update of b
"""
# Everything below is read after the locks were taken, by a statement of its own: so it sees what
# their last owner wrote.
AT = """
select greatest(clock_timestamp(), max(posted_at)) from ledger_balance where account_id = any($1)
"""

ENTRIES = """
select e.id, e.origin, e.reverses_id, p.account_id, p.amount_minor
  from ledger_entry e join ledger_posting p on p.entry_id = e.id
 where e.origin = any($1) or e.id = any($2) or e.reverses_id = any($2)
 order by e.id, p.leg
"""
HOLDS = """
select h.id, h.origin, h.account_id, h.amount_minor, coalesce(h.expires_at <= $3, false) as expired,
       x.how, x.entry_id
  from ledger_hold h left join ledger_hold_end x on x.hold_id = h.id
 where h.id = any($1) or h.origin = any($2)
"""
NUMBERS = """
select nextval('ledger_entry_id_seq') from generate_series(1, $1)
"""
HOLD_NUMBERS = """
select nextval('ledger_hold_id_seq') from generate_series(1, $1)
"""
WRITE_ENTRIES = """
insert into ledger_entry (id, kind, origin, made_by, reason, reverses_id, details, created_at)
overriding system value
select *, $8 from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                         $6::bigint[], $7::jsonb[])
"""
WRITE_POSTINGS = """
insert into ledger_posting (entry_id, leg, account_id, amount_minor, balance_minor, version,
                            posted_at)
select *, $7 from unnest($1::bigint[], $2::smallint[], $3::int[], $4::bigint[], $5::bigint[],
                         $6::bigint[])
"""
WRITE_HOLDS = """
insert into ledger_hold (id, account_id, amount_minor, kind, origin, expires_at, details,
                         created_at)
overriding system value
select *, $8 from unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[], $5::text[],
                         $6::timestamptz[], $7::jsonb[])
"""
WRITE_ENDS = """
insert into ledger_hold_end (hold_id, how, taken_minor, entry_id, made_by, reason, ended_at)
select *, $7 from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[],
                         $6::text[])
"""
WRITE_BALANCES = """
update ledger_balance b
   set posted_minor = n.posted, held_minor = n.held, version = n.version, posted_at = $5
  from unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[])
       as n(account_id, posted, held, version)
 where b.account_id = n.account_id
"""


async def accounts_of_holds(connection: Connection, holds: Sequence[int]) -> list[int]:
    """Whose they are; that never changes."""
    rows = await connection.fetch(
        "select distinct account_id from ledger_hold where id = any($1)", holds
    )
    return [row["account_id"] for row in rows]


async def lock(connection: Connection, accounts: Sequence[int]) -> list[Any]:
    """(account_id, book, currency, posted_minor, held_minor, version, floor_minor), locked."""
    return await connection.fetch(LOCK, accounts)


async def moment(connection: Connection, accounts: Sequence[int]) -> Any:
    """Now, and not before the last posting of any of these accounts."""
    return await connection.fetchval(AT, accounts)


async def entries(
    connection: Connection, origins: Sequence[str], numbers: Sequence[int]
) -> list[Any]:
    """A row for each leg (id, origin, reverses_id, account_id, amount_minor) of the entries under
    these origins or numbers, and of those that take the latter back.
    """
    return await connection.fetch(ENTRIES, origins, numbers)


async def holds(
    connection: Connection, numbers: Sequence[int], origins: Sequence[str], at: Any
) -> list[Any]:
    """(id, origin, account_id, amount_minor, expired, how, entry_id)."""
    return await connection.fetch(HOLDS, numbers, origins, at)


async def free_numbers(connection: Connection, count: int) -> list[int]:
    """For entries."""
    return [row[0] for row in await connection.fetch(NUMBERS, count)]


async def free_hold_numbers(connection: Connection, count: int) -> list[int]:
    return [row[0] for row in await connection.fetch(HOLD_NUMBERS, count)]


async def write(
    connection: Connection,
    writing: Writing,
    balances: Sequence[tuple[int, int, int, int]],
    at: Any,
) -> None:
    """Everything a group changed; `balances`: (account, posted, held, version)."""
    if writing.entries:
        await connection.execute(WRITE_ENTRIES, *columns(writing.entries), at)
        await connection.execute(WRITE_POSTINGS, *columns(writing.postings), at)
    if writing.holds:
        await connection.execute(WRITE_HOLDS, *columns(writing.holds), at)
    if writing.ends:
        await connection.execute(WRITE_ENDS, *columns(writing.ends), at)
    await connection.execute(WRITE_BALANCES, *columns(balances), at)


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
