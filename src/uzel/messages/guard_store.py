"""What has to be known of a message right before it leaves, in the database."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from uzel.kit.database import Connection, Pool

ABOUT = """
select m.id, m.business_id, m.purpose, m.state, m.withdrawn, m.address, m.polite, m.not_after,
       m.estimate_minor, m.budget_day, b.time_zone as business_zone,
       coalesce(p.time_zone, b.time_zone) as zone,
       b.rules::text as business_rules, nullif(p.rules, '{}')::text as place_rules,
       array(select s.reason from stop_list s where s.business_id = m.business_id
             and s.address in (m.address, m.phone)) as stopped,
       m.hop > 0 and exists (
           select 1 from generate_series(0, m.hop - 1) h
             join message s on s.origin = split_part(m.origin, '#', 1)
                                          || case when h = 0 then '' else '#' || h end
            where s.state = 'delivered') as arrived
  from message m
  join business b on b.id = m.business_id
  left join place p on p.id = m.place_id
 where m.id = any($1)
 order by m.id
"""

# The row of the day is locked by the first branch, so of two messages that come at the same moment
# the second sees what the first has taken.
RESERVE = """
with spent as (
    update budget_day set spent_minor = spent_minor + $4, messages = messages + 1
     where business_id = $2 and day = $3
       and ($5::bigint is null or spent_minor + $4 <= $5)
       and ($6::int is null or messages < $6)
 returning 1
)
update message set budget_day = $3 where id = $1 and exists (select 1 from spent) returning id
"""

# Whoever reserves has to wait for who reckons, else a reservation that the reckoning does not see
# yet would be lost; so this comes first, and RECKON, a statement of its own, sees all before it.
HOLD = """
select 1 from budget_day where day >= current_date - 1 order by business_id, day for update
"""

# What was reserved is an estimate, and what failed was not paid for.
RECKON = """
update budget_day d
   set spent_minor = r.spent, messages = r.messages
  from (select b.business_id, b.day,
               coalesce(sum(coalesce(m.cost_minor, m.estimate_minor, 0))
                        filter (where m.state not in ('failed', 'cancelled')), 0)::bigint as spent,
               (count(*) filter (where m.state not in ('failed', 'cancelled')))::int as messages
          from budget_day b
          left join message m on m.business_id = b.business_id and m.budget_day = b.day
         where b.day >= current_date - 1
         group by 1, 2) r
 where d.business_id = r.business_id and d.day = r.day
   and (d.spent_minor, d.messages) <> (r.spent, r.messages)
"""


async def about(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """See ABOUT."""
    return await connection.fetch(ABOUT, list(ids))


async def reserve(
    connection: Connection,
    message_id: int,
    business_id: int,
    day: date,
    amount_minor: int,
    most_minor: int | None,
    most_messages: int | None,
) -> bool:
    """Take `amount_minor` and one message out of the day; False if that is more than is left."""
    await connection.execute(
        "insert into budget_day (business_id, day) values ($1, $2) on conflict do nothing",
        business_id,
        day,
    )
    found = await connection.fetchval(
        RESERVE, message_id, business_id, day, amount_minor, most_minor, most_messages
    )
    return found is not None


async def reckon(pool: Pool) -> None:
    """Bring what was reserved in line with what things really cost."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(HOLD)
        await connection.execute(RECKON)
