"""What was posted to an account, with the payments behind it."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection
from uzel.ledger.statement_store import OF_A_TIME

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


async def entries(
    connection: Connection, account: int, since: datetime, until: datetime, after: int, most: int
) -> list[Any]:
    """Postings of a time, in their order, those after the account's `after`th."""
    return await connection.fetch(ENTRIES, account, since, until, after, most)
