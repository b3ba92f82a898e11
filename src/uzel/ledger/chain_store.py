"""The chain over the entries, and what proves the books, in the database."""

from collections.abc import AsyncIterator
from typing import Any

from uzel.kit.database import Connection, Pool

# Whoever posts shares a lock that this one waits for, and the next ones wait for this one, for as
# long as the reading of one number takes: after it, no smaller number can appear. A lock on the
# table would do as well, but would send vacuum away each time.
LAST = """
select set_config('lock_timeout', '1000', true);
select pg_advisory_xact_lock(hashtext('ledger_entry'));
"""
# Of checks that read everything.
LONG_S = 24 * 3600.0
PREVIOUS = "select id, last_entry_id, digest from ledger_seal order by id desc limit 1"

END_OF_LINK = """
select max(id) from (
    select id from ledger_entry where id > $1 and id <= $2 order by id limit $3
) link
"""
# Of an entry everything that was written, as a JSON array: no two entries have the same one. Times
# as microseconds, so that no setting changes how they are printed.
LINK = """
with entry as (
    select e.id, sha256(convert_to(jsonb_build_array(
               e.id, e.kind, e.origin, (extract(epoch from e.created_at) * 1000000)::bigint,
               e.made_by, e.reason, e.reverses_id, e.details, e.details is null,
               (select jsonb_agg(jsonb_build_array(
                           p.leg, p.account_id, a.book, a.name, a.currency, p.amount_minor,
                           p.balance_minor, p.version,
                           (extract(epoch from p.posted_at) * 1000000)::bigint) order by p.leg)
                  from ledger_posting p join ledger_account a on a.id = p.account_id
                 where p.entry_id = e.id))::text, 'UTF8')) as digest
      from ledger_entry e where e.id > $1 and e.id <= $2
)
select count(*)::int as entries,
       sha256($3::bytea || coalesce(string_agg(digest, ''::bytea order by id), ''::bytea)) as digest
  from entry
"""
SEALS = "select id, last_entry_id, entries, digest, sealed_at from ledger_seal order by id"

UNBALANCED = """
select p.entry_id from ledger_posting p join ledger_account a on a.id = p.account_id
 group by p.entry_id, a.currency having sum(p.amount_minor) <> 0
 order by 1 limit $1
"""
WITHOUT_POSTINGS = """
select e.id as entry_id from ledger_entry e
 where not exists (select 1 from ledger_posting p where p.entry_id = e.id)
 order by 1 limit $1
"""
BROKEN_RUNS = """
select entry_id, account_id, version from (
    select entry_id, account_id, version, balance_minor, amount_minor, posted_at,
           lag(version, 1, 0::bigint) over w as last,
           lag(balance_minor, 1, 0::bigint) over w as balance,
           lag(posted_at, 1, '-infinity') over w as at,
           not closes and lead(posted_at) over w is distinct from posted_at as left_open
      from ledger_posting window w as (partition by account_id order by version)
) p
 where version <> last + 1 or balance_minor <> balance + amount_minor or posted_at < at or left_open
 order by 1 limit $1
"""
WRONG_BALANCES = """
select b.account_id
  from ledger_balance b
  left join lateral (select version, balance_minor from ledger_posting p
                      where p.account_id = b.account_id order by version desc limit 1) p on true
 where (b.version, b.posted_minor) <> (coalesce(p.version, 0), coalesce(p.balance_minor, 0))
    or b.held_minor <> (
        select coalesce(sum(h.amount_minor), 0) from ledger_hold h
         where h.account_id = b.account_id
           and not exists (select 1 from ledger_hold_end x where x.hold_id = h.id))
 order by 1 limit $1
"""
WRONG_ENDS = """
select x.hold_id from ledger_hold_end x join ledger_hold h on h.id = x.hold_id
 where x.taken_minor > h.amount_minor
    or x.entry_id is not null and x.taken_minor is distinct from (
        select -sum(p.amount_minor) from ledger_posting p
         where p.entry_id = x.entry_id and p.account_id = h.account_id)
 order by 1 limit $1
"""


async def last_entry(connection: Connection) -> int:
    """The newest entry, in a transaction of yours: none with a smaller number comes later. Raises
    LockNotAvailableError where a posting takes longer than a second.
    """
    await connection.execute(LAST)
    return await connection.fetchval("select coalesce(max(id), 0) from ledger_entry") or 0


async def previous(connection: Connection) -> Any:
    """(id, last_entry_id, digest) of the newest seal, None before the first."""
    return await connection.fetchrow(PREVIOUS)


async def end_of_link(connection: Connection, after: int, last: int, most: int) -> int:
    """The last of at most so many entries after one number up to another; `after` without any."""
    return await connection.fetchval(END_OF_LINK, after, last, most) or after


async def link(connection: Connection, after: int, last: int, digest: bytes) -> tuple[int, bytes]:
    """Of the entries after one number up to another: how many, and their digest over `digest`."""
    (row,) = await connection.fetch(LINK, after, last, digest, timeout=LONG_S)
    return row["entries"], row["digest"]


async def add_seal(connection: Connection, last: int, entries: int, digest: bytes) -> int:
    """The number of the new seal."""
    number: int = await connection.fetchval(
        "insert into ledger_seal (last_entry_id, entries, digest) values ($1, $2, $3) returning id",
        last,
        entries,
        digest,
    )
    return number


async def seals(connection: Connection) -> AsyncIterator[Any]:
    """(id, last_entry_id, entries, digest, sealed_at), the oldest first; inside a transaction."""
    async for row in connection.cursor(SEALS, prefetch=1000):
        yield row


async def count_seals(connection: Connection) -> int:
    return await connection.fetchval("select count(*) from ledger_seal") or 0


async def entries_after(connection: Connection, number: int) -> int:
    """How many there are with a larger number."""
    statement = "select count(*) from ledger_entry where id > $1"
    return await connection.fetchval(statement, number, timeout=LONG_S) or 0


async def counted(connection: Connection) -> tuple[int, int]:
    """Entries, postings."""
    entries = await connection.fetchval("select count(*) from ledger_entry", timeout=LONG_S)
    postings = await connection.fetchval("select count(*) from ledger_posting", timeout=LONG_S)
    return entries, postings


async def size_bytes(connection: Connection | Pool) -> int:
    """What entries and postings take on disk, indexes included."""
    found: int = await connection.fetchval(
        "select pg_total_relation_size('ledger_entry') + pg_total_relation_size('ledger_posting')"
    )
    return found


async def rows(connection: Connection, statement: str, most: int) -> list[dict[str, Any]]:
    """What one of the statements above finds wrong."""
    return [dict(row) for row in await connection.fetch(statement, most, timeout=LONG_S)]
