"""What was posted to the account of payouts, with the payouts behind it."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection
from uzel.ledger.statement_store import OF_A_TIME

ENTRIES = f"""
select p.posted_at, p.version, p.amount_minor, p.balance_minor, e.kind, o.id as number,
       o.public_id, o.external_id, o.mark, o.purpose, o.card_shown, o.phone, o.bank_name,
       o.provider_id, o.state, o.made_by, w.last_name, w.first_name, w.patronymic
  from ledger_posting p join ledger_entry e on e.id = p.entry_id
  left join payout o on e.origin like 'payout:%' and o.public_id = split_part(e.origin, ':', 2)
  left join payee w on w.id = o.payee_id
 where {OF_A_TIME} and p.version > $4
 order by p.version limit $5
"""  # noqa: S608


async def account(connection: Connection, connection_id: int, currency: str) -> int | None:
    """The account that payouts through a connection leave from; None: there were none."""
    found: int | None = await connection.fetchval(
        "select id from ledger_account "
        "where book = 'live' and name = 'payouts:' || $1::int and currency = $2",
        connection_id,
        currency,
    )
    return found


async def entries(
    connection: Connection, account: int, since: datetime, until: datetime, after: int, most: int
) -> list[Any]:
    """Postings of a time, in their order, those after the account's `after`th."""
    return await connection.fetch(ENTRIES, account, since, until, after, most)
