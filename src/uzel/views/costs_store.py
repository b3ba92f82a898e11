"""What messages cost, counted. Every query but the export's reads a bounded number of rows."""

from datetime import date, datetime, timedelta
from typing import Any

from uzel.kit.database import Connection
from uzel.model.rules import LONGEST_DELAY_S
from uzel.views.funnel_store import Span, span_of, step_of
from uzel.views.query_store import NEWEST

# Messages wait for their time, and for the morning after; they are paid for when they leave.
LEAVES_WITHIN = timedelta(seconds=LONGEST_DELAY_S) + timedelta(days=2)
# Money should be exact as long as that takes no longer than a moment.
COUNTED = 100_000
# Messages that wait are looked through up to here.
MOST_WAITING = 10_000
LEFT_AT = "coalesce(accepted_at, created_at)"

# Of an unknown outcome the worst is assumed. What failed costs what the provider says, if anything.
SPENT = f"""
select ({LEFT_AT} at time zone $5)::date as day, channel, connection_id, place_id,
       coalesce(currency, '') as currency, count(*) as messages,
       sum(segments)::bigint as segments, coalesce(sum(cost_minor), 0)::bigint as told,
       coalesce(sum(estimate_minor) filter (where cost_minor is null and state <> 'failed'), 0)
           ::bigint as estimated,
       count(*) filter (where cost_minor is null and estimate_minor is null and state <> 'failed')
           as unpriced
  from {{source}}
 where business_id = $4 and (accepted_at is not null or state = 'unknown')
   and {LEFT_AT} >= $6 and {LEFT_AT} < $7
   and ($8::text is null or channel = $8) and ($9::int is null or connection_id = $9)
   and ($10::bigint is null or place_id = $10)
 group by 1, 2, 3, 4, 5 order by 1 desc, 2, 3, 4, 5
"""  # noqa: S608

WAITING = f"""
    select business_id, state_reason from message
     where (state, id) >= ('planned', 0) and (state, id) < ('planned', {{newest}})
     order by state desc, id desc limit {MOST_WAITING}"""  # noqa: S608
HELD = f"""
select count(*) from ({WAITING.format(newest="$2")}) t
 where business_id = $1 and state_reason = 'budget_spent'
"""  # noqa: S608


# As long as nothing was reserved, the day has cost what left on it: see messages.guard_store.
BUDGET = """
select b.rules, s.spent_minor, s.messages
  from business b,
       lateral (select spent_minor, messages from budget_day
                 where business_id = b.id and day = $2
                 union all
                select coalesce(sum(coalesce(cost_minor, estimate_minor, 0)), 0)::bigint, count(*)
                  from message
                 where business_id = b.id and budget_day = $2
                   and state not in ('failed', 'cancelled')
                   and not exists (select 1 from budget_day where business_id = b.id and day = $2)
                having not exists (select 1 from budget_day
                                    where business_id = b.id and day = $2)) s
 where b.id = $1
"""


LIMITED = f"""
select b.id as business_id, b.name, b.rules::text as rules,
       (now() at time zone b.time_zone)::date as day, coalesce(h.held, 0) as held
  from business b
  left join (select business_id, count(*) as held from ({WAITING.format(newest="$1")}) t
              where state_reason = 'budget_spent' group by 1) h on h.business_id = b.id
 where b.rules ?| array['budget_day_minor', 'messages_per_day'] order by b.id
"""  # noqa: S608


async def span_of_messages(
    connection: Connection, since: datetime, until: datetime, *, each: bool
) -> Span | None:
    """The span of messages that may have left in a time; None if there are none. `each`: whatever
    it takes.
    """
    found = await span_of(connection, "message", since - LEAVES_WITHIN, until)
    return None if found is None else Span(*found, 1 if each else step_of(*found, COUNTED))


async def spent(
    connection: Connection,
    span: Span,
    business_id: int,
    zone: str,
    since: datetime,
    until: datetime,
    channel: str | None = None,
    connection_id: int | None = None,
    place_id: int | None = None,
) -> list[Any]:
    """(day, channel, connection_id, place_id, currency, messages, segments, told, estimated,
    unpriced) of messages that left in a time, newest day first; see SPENT.
    """
    return await connection.fetch(
        SPENT.format(source=span.source("message")),
        *span.values,
        business_id,
        zone,
        since,
        until,
        channel,
        connection_id,
        place_id,
    )


async def budget_of(connection: Connection, business_id: int, day: date) -> Any:
    """(rules, spent_minor, messages) of a business on a day of its calendar."""
    return await connection.fetchrow(
        BUDGET,
        business_id,
        day,
    )


async def limited(connection: Connection) -> list[Any]:
    """(business_id, name, rules as JSON text, day, held) of businesses with a budget; day: today,
    there.
    """
    return await connection.fetch(LIMITED, NEWEST)


async def held(connection: Connection, business_id: int) -> int:
    """Messages that wait for tomorrow's budget."""
    found: int = await connection.fetchval(HELD, business_id, NEWEST)
    return found
