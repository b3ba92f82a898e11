"""What has to be known of a message right before it leaves, in the database."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from uzel.kit.database import Connection, Pool

ABOUT = """
select m.id, m.business_id, m.purpose, m.channel, m.state, m.withdrawn, m.address, m.polite,
       m.not_after, m.estimate_minor, m.budget_day, b.time_zone as business_zone,
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

SPENT = """
select coalesce(sum(coalesce(m.cost_minor, m.estimate_minor, 0)), 0)::bigint as spent,
       count(*)::int as messages
  from message m
 where m.business_id = {business} and m.budget_day = {day}
   and (m.state not in ('failed', 'cancelled') or m.accepted_at is not null or m.cost_minor > 0)
"""

# A day begins with what left before there was a budget.
OPEN_DAY = f"""
insert into budget_day (business_id, day, spent_minor, messages)
select $1, $2, s.spent, s.messages
  from (select 1 where not exists (select 1 from budget_day
                                    where business_id = $1 and day = $2)) missing,
       lateral ({SPENT.format(business="$1", day="$2")}) s
on conflict do nothing
"""  # noqa: S608

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

# What was reserved is an estimate. What the provider never took was not paid for; what it took and
# could not deliver was.
RECKON = f"""
update budget_day d
   set spent_minor = r.spent, messages = r.messages
  from (select b.business_id, b.day, s.spent, s.messages
          from budget_day b, lateral ({SPENT.format(business="b.business_id", day="b.day")}) s
         where b.day >= current_date - 1) r
 where d.business_id = r.business_id and d.day = r.day
   and (d.spent_minor, d.messages) <> (r.spent, r.messages)
"""  # noqa: S608

# What the budget holds back goes to its guard again, the ways that take over with it.
RELEASE = """
with freed as (
    update call c set due_at = clock_timestamp(), detail = null
      from (select c.id, m.id as message_id
              from message m join call c on c.effect = 'message:' || m.id
             where m.business_id = $1 and m.state = 'planned' and m.state_reason = 'budget_spent'
               and c.state = 'planned' and c.error_class is null
             order by c.id for update of c) held
     where c.id = held.id
    returning held.message_id, c.connection_id
)
update message m
   set state_reason = null,
       escalate_at = case when m.next_hops is not null
                     then now() + make_interval(secs => m.wait_s) end
  from freed where m.id = freed.message_id
returning freed.connection_id
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
    await connection.execute(OPEN_DAY, business_id, day)
    found = await connection.fetchval(
        RESERVE, message_id, business_id, day, amount_minor, most_minor, most_messages
    )
    return found is not None


async def usual_price(
    connection: Connection, business_id: int, day: date, channel: str
) -> tuple[int | None, int]:
    """(what a message of this channel cost at most since yesterday, how many of today nobody knows
    the price of yet).
    """
    row = await connection.fetchrow(
        "select max(cost_minor) as most, count(*) filter (where budget_day = $2 "
        "and cost_minor is null and estimate_minor is null and state not in ('failed', "
        "'cancelled'))::int as unknown from message "
        "where business_id = $1 and budget_day >= $2 - 1 and channel = $3",
        business_id,
        day,
        channel,
    )
    assert row is not None
    return row["most"], row["unknown"]


async def reckon(pool: Pool) -> None:
    """Bring what was reserved in line with what things really cost."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(HOLD)
        await connection.execute(RECKON)


async def reckon_within(connection: Connection, business_id: int, day: date) -> None:
    """The same for one business, in the caller's transaction; opens the day if it is not."""
    await connection.execute(OPEN_DAY, business_id, day)
    await connection.execute(HOLD)
    await connection.execute(RECKON)


async def release(connection: Connection, business_id: int) -> list[int]:
    """Have what the budget of this business holds back be looked at now; returns the connection of
    each message.
    """
    rows = await connection.fetch(RELEASE, business_id)
    return [row["connection_id"] for row in rows]
