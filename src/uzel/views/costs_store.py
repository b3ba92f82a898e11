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

HELD = f"""
select count(*) from (
    select business_id, state_reason from message
     where (state, id) >= ('planned', 0) and (state, id) < ('planned', $2)
     order by state desc, id desc limit {MOST_WAITING}) t
 where business_id = $1 and state_reason = 'budget_spent'
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
        "select b.rules, coalesce(d.spent_minor, 0) as spent_minor, "
        "coalesce(d.messages, 0) as messages from business b "
        "left join budget_day d on d.business_id = b.id and d.day = $2 where b.id = $1",
        business_id,
        day,
    )


async def held(connection: Connection, business_id: int) -> int:
    """Messages that wait for tomorrow's budget."""
    found: int = await connection.fetchval(HELD, business_id, NEWEST)
    return found
