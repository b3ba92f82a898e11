"""Whether the money of payouts stands where their states say, asked of the database."""

from typing import Any

from uzel.kit.database import Connection, Pool

# What is held is the sum of what is open, and what was posted the sum of what is paid.
BOOKS = """
with payouts as (
    select connection_id, currency,
           sum(amount_minor) filter (where state in ('waiting', 'unknown', 'processing', 'review'))
               as open_minor,
           sum(amount_minor) filter (where state = 'paid') as paid_minor
      from payout group by 1, 2
), books as (
    select split_part(a.name, ':', 2)::int as connection_id, a.currency, b.held_minor,
           -b.posted_minor as posted_minor
      from ledger_account a join ledger_balance b on b.account_id = a.id
     where a.book = 'live' and a.name ~ '^payouts:[0-9]+$'
)
select connection_id, currency, coalesce(held_minor, 0) as held_minor,
       coalesce(open_minor, 0)::bigint as open_minor, coalesce(posted_minor, 0) as posted_minor,
       coalesce(paid_minor, 0)::bigint as paid_minor
  from payouts full join books using (connection_id, currency)
 where coalesce(held_minor, 0) <> coalesce(open_minor, 0)
    or coalesce(posted_minor, 0) <> coalesce(paid_minor, 0)
 order by 1, 2
"""
# A payout that is or was paid has one entry that took its money, one that came back one more.
POSTED = """
select p.public_id, p.connection_id, p.state, count(e.id) filter (where e.kind = 'payout') as taken,
       count(e.id) filter (where e.kind = 'payout_back') as back
  from payout p left join ledger_entry e on e.origin = any(array[
       'payout:' || p.public_id || ':0:paid', 'payout:' || p.public_id || ':0:after_all',
       'payout:' || p.public_id || ':0:back'])
 group by p.id
having count(e.id) filter (where e.kind = 'payout')
           <> (p.state in ('paid', 'returned'))::int
    or count(e.id) filter (where e.kind = 'payout_back') <> (p.state = 'returned')::int
 order by p.id limit $1
"""


async def books(connection: Connection | Pool) -> list[Any]:
    """Connections whose account in the ledger says something else than their payouts: (connection,
    currency, held_minor, open_minor, posted_minor, paid_minor).
    """
    return await connection.fetch(BOOKS)


async def posted(connection: Connection | Pool, most: int) -> list[Any]:
    """Payouts that were not posted as often as their state says: (public_id, connection_id, state,
    taken, back).
    """
    return await connection.fetch(POSTED, most)
