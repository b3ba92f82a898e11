"""The ledger in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, columns
from uzel.ledger.judge import Writing

# One order of locks for everybody, so nobody waits for who waits for him. The shared one lets the
# chain know when nobody posts; see chain_store.LAST.
LOCK = """
with posting as materialized (select pg_advisory_xact_lock_shared(hashtext('ledger_entry')))
select b.account_id, a.book, a.currency, b.posted_minor, b.held_minor, b.version, b.floor_minor,
       b.posted_at
  from posting, ledger_balance b join ledger_account a on a.id = b.account_id
 where b.account_id = any($1) order by b.account_id for update of b
"""
# Everything below is read after the locks were taken, by a statement of its own: so it sees what
# their last owner wrote.
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
select clock_timestamp() as at,
       array(select nextval('ledger_entry_id_seq') from generate_series(1, $1)) as entries,
       array(select nextval('ledger_hold_id_seq') from generate_series(1, $2)) as holds
"""
WRITE_POSTS = """
with entry as (
    insert into ledger_entry (id, kind, origin, made_by, reason, reverses_id, details, created_at)
    overriding system value
    select *, $14 from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                              $6::bigint[], $7::jsonb[])
)
insert into ledger_posting (entry_id, leg, account_id, amount_minor, balance_minor, version,
                            posted_at)
select *, $14 from unnest($8::bigint[], $9::smallint[], $10::int[], $11::bigint[], $12::bigint[],
                          $13::bigint[])
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
    """Where accounts stand, locked until the end of the transaction; see LOCK for the columns."""
    return await connection.fetch(LOCK, accounts)


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


async def numbers(connection: Connection, entries: int, holds: int) -> Any:
    """(at, entries, holds): the time, and free numbers for so many entries and holds."""
    (row,) = await connection.fetch(NUMBERS, entries, holds)
    return row


async def write(
    connection: Connection,
    writing: Writing,
    balances: Sequence[tuple[int, int, int, int]],
    at: Any,
) -> None:
    """Everything a group changed; `balances`: (account, posted, held, version)."""
    if writing.entries:
        rows = (*columns(writing.entries), *columns(writing.postings))
        await connection.execute(WRITE_POSTS, *rows, at)
    if writing.holds:
        await connection.execute(WRITE_HOLDS, *columns(writing.holds), at)
    if writing.ends:
        await connection.execute(WRITE_ENDS, *columns(writing.ends), at)
    await connection.execute(WRITE_BALANCES, *columns(balances), at)
