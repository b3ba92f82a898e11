"""What is known of a phone or an e-mail address, in the database: an index lookup each."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection

MOST = 20
REQUEST = "select id, visit, guest_name, state, rating, comment, created_at as at"
CLAIM = "select id, state, amount_minor, currency, purpose, created_at as at from claim"
PAYOUT = """
select p.public_id as id, p.state, p.amount_minor, p.currency, p.purpose, p.created_at as at
  from payout p where p.phone = any($1) and p.phone is not null
   and not exists (select from claim_payout c where c.payout_id = p.id)
 order by p.id desc limit 20
"""


async def requests(
    connection: Connection, phones: Sequence[str], emails: Sequence[str]
) -> list[Any]:
    """Review requests, by phone or by address in small letters, the newest of each."""
    return await connection.fetch(
        f"({REQUEST} from review_request where phone = any($1) and phone is not null "
        f"order by id desc limit {MOST}) union ({REQUEST} from review_request "
        f"where lower(email) = any($2) and email is not null order by id desc limit {MOST})",
        phones,
        emails,
    )


async def claims(connection: Connection, phones: Sequence[str]) -> list[Any]:
    """Claims to be paid to a phone, the newest."""
    return await connection.fetch(
        f"{CLAIM} where phone = any($1) and phone is not null order by id desc limit {MOST}", phones
    )


async def payouts(connection: Connection, phones: Sequence[str]) -> list[Any]:
    """Payouts to a phone that no claim asked for, the newest."""
    return await connection.fetch(PAYOUT, phones)


async def leads(connection: Connection, emails: Sequence[str]) -> list[Any]:
    """Leads that a report has this address on, the newest."""
    return await connection.fetch(
        "select l.id, l.external_id, r.status, l.state, r.created_at as at from lead_report r "
        "join lead l on l.id = r.lead_id where lower(r.email) = any($1) and r.email is not null "
        "order by r.id desc limit 20",
        emails,
    )
