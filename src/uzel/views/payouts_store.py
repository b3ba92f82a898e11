"""Payouts for people, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

# Of `t`, a payout, and `n`, its connection.
PAYOUT = """
t.id, t.public_id, t.connection_id, n.name as connection_name, t.mark, t.external_id, t.payee_id,
t.amount_minor, t.currency, t.kind, t.purpose, t.phone, t.bank_name, t.card_shown, t.state,
t.provider_id, t.provider_status, t.error, t.sent, t.looked, t.made_by, t.created_at, t.updated_at,
t.ended_at,
(select concat_ws(' ', y.last_name, y.first_name, y.patronymic) from payee y
  where y.id = t.payee_id) as name,
(select y.asked from payee y where y.id = t.payee_id) as asked,
(select l.claim_id from claim_payout l where l.payout_id = t.id) as claim_id
"""
FROM = f"select {PAYOUT} from payout t join connection n on n.id = t.connection_id"  # noqa: S608
# By the end of a card, a phone, or the number of its claim.
CALLED = (
    "right(card_shown, 4) = {} or phone = {} "
    "or id in (select l.payout_id from claim_payout l where l.claim_id = {})"
)
# What is known of payouts whose answer was lost: the call, since when, and when it was looked for.
DOUBTS = """
select t.id as payout_id, c.id as call_id, c.state, c.attempt, c.started_at,
       c.finished_at as looked_at, c.detail, c.decided_by, c.due_at
  from payout t join call c on c.effect = 'payout:send:' || t.id || ':' || t.sent
 where t.id = any($1::bigint[])
"""
# One look for what every page shows: each count goes through an index.
ATTENTION = """
select (select count(*) from claim where state = 'submitted') as claims,
       (select count(*) from payout where state = 'unknown') as unknown,
       s.reason, s.made_by, s.made_at
  from (select 1) one left join payout_stop s on s.ended_at is null
"""
TROUBLE = """
select (select count(*) from claim where state = 'submitted') as claims,
       (select min(submitted_at) from claim where state = 'submitted') as claims_since,
       (select count(*) from claim where state = 'approved') as held,
       (select min(decided_at) from claim where state = 'approved') as held_since,
       (select count(*) from payout where state = 'unknown') as unknown,
       (select min(updated_at) from payout where state = 'unknown') as unknown_since,
       (select count(*) from payout where state = 'review') as review,
       (select min(updated_at) from payout where state = 'review') as review_since
"""
STANDING = """
select count(*) filter (where state = 'waiting') as waiting,
       coalesce(sum(amount_minor) filter (where state = 'waiting'), 0)::bigint as waiting_minor,
       count(*) as open, coalesce(sum(amount_minor), 0)::bigint as open_minor
  from payout where state in ('waiting', 'unknown', 'processing', 'review')
   and ($1::int is null or connection_id = $1)
"""
PAID = """
select (ended_at at time zone $3)::date as day, count(*) as count,
       sum(amount_minor)::bigint as amount_minor
  from payout
 where connection_id = $1 and state = 'paid' and created_at >= $2::timestamptz - interval '7 days'
   and ended_at >= $2
 group by 1 order by 1
"""
PULSE = """
select concat_ws(' ', (select max(id) from payout), (select max(id) from payout_stop),
    (select count(*) from payout_stop where ended_at is null),
    (select concat(count(*), max(updated_at)) from payout
      where state in ('waiting', 'unknown', 'processing', 'review')))
"""


async def find(pool: Pool | Connection, public_id: str) -> Any:
    return await pool.fetchrow(f"{FROM} where t.public_id = $1", public_id)


async def called(pool: Pool | Connection, text: str) -> list[Any]:
    """Those with this number: ours, the asker's, the provider's, or the mark."""
    return await pool.fetch(
        f"{FROM} where t.public_id = $1 or t.external_id = $1 or t.mark = $1 "  # noqa: S608
        "or (t.provider_id is not null and t.provider_id = $1 "
        "and t.connection_id = any(array(select id from connection))) order by t.id desc",
        text,
    )


async def name_of(pool: Pool | Connection, number: int) -> str | None:
    """The public number of one."""
    found: str | None = await pool.fetchval("select public_id from payout where id = $1", number)
    return found


async def unknown(pool: Pool | Connection, most: int) -> list[Any]:
    """Those whose answer was lost, the oldest first."""
    return await pool.fetch(f"{FROM} where t.state = 'unknown' order by t.id limit $1", most)


async def doubts(pool: Pool | Connection, numbers: Sequence[int]) -> list[Any]:
    """See DOUBTS."""
    return await pool.fetch(DOUBTS, list(numbers))


async def attention(connection: Connection) -> Any:
    """(claims, unknown, reason, made_by, made_at): what every page shows; the last three of the
    switch that is on, else None.
    """
    return await connection.fetchrow(ATTENTION)


async def trouble(connection: Connection) -> Any:
    """How many wait for somebody, and since when; see TROUBLE."""
    return await connection.fetchrow(TROUBLE)


async def standing(pool: Pool | Connection, connection_id: int | None) -> Any:
    """(waiting, waiting_minor, open, open_minor) of payouts that have not ended."""
    return await pool.fetchrow(STANDING, connection_id)


async def paid(
    pool: Pool | Connection, connection_id: int, since: datetime, zone: str
) -> list[Any]:
    """(day, count, amount_minor) of what was paid since, by the days of a zone."""
    return await pool.fetch(PAID, connection_id, since, zone)


async def pulse(connection: Connection) -> str:
    """A word that changes when a payout that has not ended, or the switch, does."""
    found: str = await connection.fetchval(PULSE)
    return found
