"""What was posted to an account in a time, and where it stood before."""

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
SUMS = f"""
select count(*) as count,
       coalesce(sum(p.amount_minor) filter (where p.amount_minor > 0), 0) as came,
       coalesce(sum(p.amount_minor) filter (where p.amount_minor < 0), 0) as went
  from ledger_posting p where {OF_A_TIME}
"""  # noqa: S608


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
