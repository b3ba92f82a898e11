"""What was posted to an account, with the payments behind it."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection

ENTRIES = """
select p.posted_at, p.version, p.amount_minor, p.balance_minor, e.kind, e.reason,
       coalesce(f.public_id, b.public_id) as payment_id,
       coalesce(f.external_id, b.external_id) as external_id,
       coalesce(f.details, b.details) as details
  from ledger_posting p join ledger_entry e on e.id = p.entry_id
  left join payment f on f.entry_id = e.id
  left join payment b on b.refund_id = e.id
 where p.account_id = $1 and p.posted_at >= $2 and p.posted_at < $3 and p.version > $4
 order by p.version limit $5
"""
SUMS = """
select count(*) as count, coalesce(sum(amount_minor) filter (where amount_minor > 0), 0) as came,
       coalesce(sum(amount_minor) filter (where amount_minor < 0), 0) as went
  from ledger_posting where account_id = $1 and posted_at >= $2 and posted_at < $3
"""
BEFORE = """
select balance_minor from ledger_posting where account_id = $1 and posted_at < $2
 order by posted_at desc, version desc limit 1
"""


async def entries(
    connection: Connection, account: int, since: datetime, until: datetime, after: int, most: int
) -> list[Any]:
    """Postings of a time, in their order, those after the account's `after`th."""
    return await connection.fetch(ENTRIES, account, since, until, after, most)


async def sums(connection: Connection, account: int, since: datetime, until: datetime) -> Any:
    """Of a time: (count, came, went), minor units; `went` is below zero."""
    return await connection.fetchrow(SUMS, account, since, until)


async def balance_before(connection: Connection, account: int, at: datetime) -> int:
    """Minor units; 0 before the first posting."""
    return await connection.fetchval(BEFORE, account, at) or 0
