"""What was posted to an account, with the payments behind it."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

# Of an account before a moment: its newest posting.
NEWEST = """
select {what} from ledger_posting
 where account_id = $1 and posted_at < {at} and closes
 order by posted_at desc, version desc limit 1
"""
BEFORE = NEWEST.format(what="balance_minor", at="$2")
# Those of a time stand together in the order of the account.
OF_A_TIME = f"""
p.account_id = $1 and p.version > coalesce(({NEWEST.format(what="version", at="$2")}), 0)
   and p.version <= coalesce(({NEWEST.format(what="version", at="$3")}), 0)
"""
ENTRIES = f"""
select p.posted_at, p.version, p.amount_minor, p.balance_minor, e.kind, e.reason,
       coalesce(f.public_id, b.public_id) as payment_id,
       coalesce(f.external_id, b.external_id) as external_id,
       coalesce(f.details, b.details) as details
  from ledger_posting p join ledger_entry e on e.id = p.entry_id
  left join payment f on f.entry_id = e.id
  left join payment b on b.refund_id = e.id
 where {OF_A_TIME} and p.version > $4
 order by p.version limit $5
"""  # noqa: S608
SUMS = f"""
select count(*) as count,
       coalesce(sum(p.amount_minor) filter (where p.amount_minor > 0), 0) as came,
       coalesce(sum(p.amount_minor) filter (where p.amount_minor < 0), 0) as went
  from ledger_posting p where {OF_A_TIME}
"""  # noqa: S608


async def entries(
    connection: Connection, account: int, since: datetime, until: datetime, after: int, most: int
) -> list[Any]:
    """Postings of a time, in their order, those after the account's `after`th."""
    return await connection.fetch(ENTRIES, account, since, until, after, most)


async def sums(connection: Connection, account: int, since: datetime, until: datetime) -> Any:
    """Of a time: (count, came, went), minor units; `went` is below zero."""
    return await connection.fetchrow(SUMS, account, since, until)


async def moment(connection: Connection | Pool) -> datetime:
    """Now, by the clock that postings are stamped with."""
    found: datetime = await connection.fetchval("select clock_timestamp()")
    return found


async def balance_before(connection: Connection, account: int, at: datetime) -> int:
    """Minor units; 0 before the first posting."""
    return await connection.fetchval(BEFORE, account, at) or 0
