"""Quotes in the database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool

ADD = """
insert into quote (public_id, partner_id, book, amount, currency, balance_currency, cost_minor,
                   exchange_minor, commission_minor, paid_minor, rate, rate_id, commission_percent,
                   created_at, expires_at)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now(), now() + $14::interval
returning *
"""
# A few with each new one: there are never many more than were asked for within a day.
FORGET = """
delete from quote where id in (
    select q.id from quote q
     where q.expires_at < now() - interval '1 day'
       and not exists (select 1 from payment p where p.quote_id = q.id)
     order by q.expires_at limit 10 for update skip locked
)
"""


async def add(connection: Connection, row: Sequence[Any], lasts: timedelta) -> Any:
    """The new row; `row`: the columns of ADD as far as `commission_percent`."""
    await connection.execute(FORGET)
    return await connection.fetchrow(ADD, *row, lasts)


async def find(pool: Pool | Connection, partner_id: int, book: str, public_id: str) -> Any:
    """One of a partner's, None where it is not there or another's."""
    return await pool.fetchrow(
        "select * from quote where public_id = $3 and partner_id = $1 and book = $2",
        partner_id,
        book,
        public_id,
    )


async def used(connection: Connection, quotes: Sequence[int]) -> set[int]:
    """Those that were paid by."""
    rows = await connection.fetch(
        "select quote_id from payment where quote_id = any($1)", list(quotes)
    )
    return {row["quote_id"] for row in rows}
