"""The ledger in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, columns, listed
from uzel.ledger.judge import Writing

# One order of locks for everybody, so nobody waits for who waits for him. The shared one lets the
# chain know when nobody posts; see chain_store.LAST. Numbers are taken under it: first all rows of
# `standing`, then the last one, which has no account, with the time and free numbers for `$2`
# entries and `$3` holds.
LOCK = """
with posting as materialized (
    select pg_advisory_xact_lock_shared(hashtext('ledger_entry'))
), standing as materialized (
    select b.account_id, a.book, a.currency, b.posted_minor, b.held_minor, b.version,
           b.floor_minor, b.posted_at
      from posting, ledger_balance b join ledger_account a on a.id = b.account_id
     where b.account_id = any($1) order by b.account_id for update of b
)
select *, null::bigint[] as entries, null::bigint[] as holds from standing
union all
select null, null, null, null, null, null, null, clock_timestamp(),
       array(select nextval('ledger_entry_id_seq') from generate_series(1, $2)),
       array(select nextval('ledger_hold_id_seq') from generate_series(1, $3))
  from (select count(*) from standing) after
"""
# Everything below is read after the locks were taken, by a statement of its own: so it sees what
# their last owner wrote.
ENTRIES = """
select e.id, e.origin, e.reverses_id, p.account_id, p.amount_minor
  from ledger_entry e join ledger_posting p on p.entry_id = e.id
 where e.origin = any($1::text::text[]) or e.id = any($2) or e.reverses_id = any($2)
 order by e.id, p.leg
"""
HOLDS = """
select h.id, h.origin, h.account_id, h.amount_minor, coalesce(h.expires_at <= $3, false) as expired,
       x.how, x.entry_id
  from ledger_hold h left join ledger_hold_end x on x.hold_id = h.id
 where h.id = any($1) or h.origin = any($2)
"""
# Columns come as one text each, see `listed`.
WRITE_BALANCES = """
update ledger_balance b
   set posted_minor = n.posted, held_minor = n.held, version = n.version, posted_at = $5
  from unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[])
       as n(account_id, posted, held, version)
 where b.account_id = n.account_id
"""
WRITE_POSTS = f"""
with entry as (
    insert into ledger_entry (id, kind, origin, made_by, reason, reverses_id, details, created_at)
    overriding system value
    select *, $5 from unnest($6::text::bigint[], $7::text::text[], $8::text::text[],
                             $9::text::text[], $10::text::text[], $11::text::bigint[],
                             $12::text::jsonb[])
), posting as (
    insert into ledger_posting (entry_id, leg, account_id, amount_minor, balance_minor, version,
                                closes, posted_at)
    select *, $5 from unnest($13::text::bigint[], $14::text::smallint[], $15::text::int[],
                             $16::text::bigint[], $17::text::bigint[], $18::text::bigint[],
                             $19::text::bool[])
)
{WRITE_BALANCES}
"""  # noqa: S608
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


async def accounts_of_holds(connection: Connection, holds: Sequence[int]) -> list[int]:
    """Whose they are; that never changes."""
    rows = await connection.fetch(
        "select distinct account_id from ledger_hold where id = any($1)", holds
    )
    return [row["account_id"] for row in rows]


async def lock(
    connection: Connection, accounts: Sequence[int], entries: int, holds: int
) -> tuple[list[Any], Any]:
    """Where accounts stand, locked until the end of the transaction; and (posted_at, entries,
    holds): the time, and free numbers for so many entries and holds. See LOCK for the columns.
    """
    rows = await connection.fetch(LOCK, accounts, entries, holds)
    return rows[:-1], rows[-1]


async def entries(
    connection: Connection, origins: Sequence[str], numbers: Sequence[int]
) -> list[Any]:
    """A row for each leg (id, origin, reverses_id, account_id, amount_minor) of the entries under
    these origins or numbers, and of those that take the latter back.
    """
    return await connection.fetch(ENTRIES, listed(origins), numbers)


async def holds(
    connection: Connection, numbers: Sequence[int], origins: Sequence[str], at: Any
) -> list[Any]:
    """(id, origin, account_id, amount_minor, expired, how, entry_id)."""
    return await connection.fetch(HOLDS, numbers, origins, at)


async def write(
    connection: Connection,
    writing: Writing,
    balances: Sequence[tuple[int, int, int, int]],
    at: Any,
) -> None:
    """Everything a group changed; `balances`: (account, posted, held, version)."""
    stand = (*map(listed, zip(*balances, strict=True)), at)
    if writing.entries:
        entries = map(listed, zip(*writing.entries, strict=True))
        legs = map(listed, zip(*writing.postings, strict=True))
        await connection.execute(WRITE_POSTS, *stand, *entries, *legs, listed(writing.closing()))
    else:
        await connection.execute(WRITE_BALANCES, *stand)
    if writing.holds:
        await connection.execute(WRITE_HOLDS, *columns(writing.holds), at)
    if writing.ends:
        await connection.execute(WRITE_ENDS, *columns(writing.ends), at)
