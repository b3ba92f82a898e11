"""Accounts in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

OPEN = """
with opened as (
    insert into ledger_account (book, name, currency) values ($1, $2, $3)
    on conflict do nothing returning id
), begun as (
    insert into ledger_balance (account_id, floor_minor) select id, $4 from opened
)
select id from opened
"""
FIND = "select id from ledger_account where book = $1 and name = $2 and currency = $3"
BALANCE_AT = """
select balance_minor from ledger_posting where account_id = $1 and posted_at <= $2 and closes
 order by posted_at desc, version desc limit 1
"""
SET_FLOOR = """
update ledger_balance set floor_minor = $2
 where account_id = $1 and ($2::bigint is null or posted_minor - held_minor >= $2)
returning true
"""
HOLDS_OVER = """
select h.id from ledger_hold h
 where h.expires_at <= clock_timestamp()
   and not exists (select 1 from ledger_hold_end x where x.hold_id = h.id)
 order by h.expires_at limit $1
"""
EVERY = """
select a.id, a.book, a.name, a.currency, b.posted_minor, b.held_minor, b.floor_minor
  from ledger_account a join ledger_balance b on b.account_id = a.id
 order by a.book, a.name, a.currency
"""
POSTINGS = """
select p.entry_id, e.kind, p.amount_minor, p.balance_minor, p.posted_at, e.made_by, e.reason,
       e.reverses_id
  from ledger_posting p join ledger_entry e on e.id = p.entry_id
 where p.account_id = $1 order by p.version desc limit $2
"""


async def open_account(
    connection: Connection, book: str, name: str, currency: str, floor_minor: int | None
) -> int:
    found: int | None = await connection.fetchval(FIND, book, name, currency)
    if found is None:
        found = await connection.fetchval(OPEN, book, name, currency, floor_minor)
    if found is None:  # somebody was faster
        found = await connection.fetchval(FIND, book, name, currency)
    assert found is not None
    return found


async def accounts(pool: Pool | Connection, numbers: Sequence[int]) -> list[Any]:
    """(id, book, name, currency)."""
    return await pool.fetch(
        "select id, book, name, currency from ledger_account where id = any($1)", numbers
    )


async def standing(pool: Pool | Connection, account: int) -> Any:
    """(posted_minor, held_minor, floor_minor), None where there is no such account."""
    return await pool.fetchrow(
        "select posted_minor, held_minor, floor_minor from ledger_balance where account_id = $1",
        account,
    )


async def balance_at(pool: Pool | Connection, account: int, at: Any) -> int:
    """Minor units; 0 before the first posting."""
    return await pool.fetchval(BALANCE_AT, account, at) or 0


async def set_floor(connection: Connection, account: int, floor_minor: int | None) -> bool:
    """Whether the account is not below it already."""
    return bool(await connection.fetchval(SET_FLOOR, account, floor_minor))


async def holds_over(connection: Connection, most: int) -> list[int]:
    """Open holds whose time is over, the longest over first."""
    rows = await connection.fetch(HOLDS_OVER, most)
    return [row["id"] for row in rows]


async def every_account(pool: Pool | Connection) -> list[Any]:
    """(id, book, name, currency, posted_minor, held_minor, floor_minor), by book and name."""
    return await pool.fetch(EVERY)


async def newest_postings(pool: Pool | Connection, account: int, most: int) -> list[Any]:
    """(entry_id, kind, amount_minor, balance_minor, posted_at, made_by, reason, reverses_id)."""
    return await pool.fetch(POSTINGS, account, most)
