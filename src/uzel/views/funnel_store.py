"""Visits and what became of them, counted. Every query reads a bounded number of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection
from uzel.views.overview_store import EVERY, SOME
from uzel.views.query_store import SLACK, id_at, sane

# Up to so many visits of a period are looked at one by one; of more, a sample of as many ids, and
# the result is scaled.
COUNTED = 30_000
SAMPLED = 10_000
VISIT = "visit.completed"
REQUEST = "review_request"
# About a visit that is another row already.
REPEATED = ("duplicate", "visit_known")

# The range of the index event_type, newest first.
OF_VISITS = f"""
select * from event where (type, id) >= ('{VISIT}', $1) and (type, id) < ('{VISIT}', $2)
 order by type desc, id desc limit {{most}}
"""  # noqa: S608
HOW_MANY = f"select count(*) from ({OF_VISITS}) t"  # noqa: S608

# Of several events about a visit the newest says why nothing followed; one that led to a request
# settles it.
UNASKED = """
select connection_id, place, reason, count(*) as count
  from (select distinct on (connection_id, visit) connection_id, visit, place, decision, reason
          from (select connection_id, id, decision, reason, data ->> 'place' as place,
                       coalesce(data ->> 'visit', id::text) as visit
                  from {source}
                 where connection_id = any($4) and created_at >= $5 and created_at < $6
                   and type = $7 and not coalesce(reason, '') = any($8)) e
         order by connection_id, visit, (decision = 'request') desc, id desc) v
 where decision <> 'request' group by 1, 2, 3
"""

REQUESTS = """
select * from {source} where business_id = $4 and created_at >= $5 and created_at < $6
   and code is not null and state <> 'looking'
"""
# What became of the message, whichever of its ways; who opened the link has got it.
ASKED = f"""
select r.place_id, r.clicked_at is not null as clicked, r.rating, s.state as sent,
       count(*) as count
  from ({REQUESTS}) r
  left join lateral (
       select state from message
        where event_id = r.event_id and purpose = $7
        order by array_position(array['delivered', 'accepted', 'unknown', 'planned', 'failed',
                                      'cancelled'], state) limit 1) s on true
 group by 1, 2, 3, 4
"""  # noqa: S608
FOLLOWED = f"""
select r.place_id, f.platform, count(*) as count
  from ({REQUESTS}) r
  join review_follow f on f.request_id = r.id and f.request_id between $1 and $2
 group by 1, 2
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Span:
    """Ids of a table that belong to a time: from `low`, below `high`. `step`: one of so many is
    looked at.
    """

    low: int
    high: int
    step: int

    def source(self, table: str) -> str:
        """The rows as a subquery `t` with $1 to $3 for `values`."""
        rows = EVERY if self.step == 1 else SOME
        return f"({rows.format(table=table)}) t"

    @property
    def values(self) -> tuple[int, int, int]:
        """What $1 to $3 stand for."""
        return self.low, self.high - 1, self.step


async def span_of(
    connection: Connection, table: str, since: datetime, until: datetime
) -> tuple[int, int] | None:
    """(low, high) of the ids of a time; None if there are none."""
    low = await id_at(connection, table, "created_at", sane(since) - SLACK)
    high = await id_at(connection, table, "created_at", sane(until) + SLACK)
    if low is None or high is None or low >= high:
        return None
    return low, high


async def span_of_visits(connection: Connection, since: datetime, until: datetime) -> Span | None:
    """The span of a time in the events; None if there are none. Few visits among many events are
    looked at one by one all the same: the index finds them.
    """
    found = await span_of(connection, "event", since, until)
    if found is None:
        return None
    many = await connection.fetchval(HOW_MANY.format(most=COUNTED + 1), *found)
    return Span(*found, 1 if many <= COUNTED else step_of(*found))


async def span_of_requests(connection: Connection, since: datetime, until: datetime) -> Span | None:
    """The span of a time in the requests; None if there are none."""
    found = await span_of(connection, "review_request", since, until)
    return None if found is None else Span(*found, step_of(*found))


def step_of(low: int, high: int, most: int | None = None) -> int:
    """1 where there are few enough: `most`, COUNTED if not given."""
    few = high - low <= (COUNTED if most is None else most)
    return 1 if few else max(2, (high - low) // SAMPLED)


async def unasked(
    connection: Connection,
    span: Span,
    connection_ids: Sequence[int],
    since: datetime,
    until: datetime,
) -> list[Any]:
    """(connection_id, place as the source calls it, reason, count) of visits nobody was asked
    about.
    """
    each = f"(select * from ({OF_VISITS.format(most=COUNTED)}) v where $3::bigint = 1) t"  # noqa: S608
    return await connection.fetch(
        UNASKED.format(source=each if span.step == 1 else span.source("event")),
        *((span.low, span.high, 1) if span.step == 1 else span.values),
        list(connection_ids),
        since,
        until,
        VISIT,
        list(REPEATED),
    )


async def asked(
    connection: Connection, span: Span, business_id: int, since: datetime, until: datetime
) -> list[Any]:
    """(place_id, clicked, rating, sent, count) of requests; `sent` is the state of the message that
    got furthest, null where there is none.
    """
    query = ASKED.format(source=span.source("review_request"))
    return await connection.fetch(query, *span.values, business_id, since, until, REQUEST)


async def followed(
    connection: Connection, span: Span, business_id: int, since: datetime, until: datetime
) -> list[Any]:
    """(place_id, platform, count) of guests who went on to write a review."""
    query = FOLLOWED.format(source=span.source("review_request"))
    return await connection.fetch(query, *span.values, business_id, since, until)


UNMAPPED = f"""
select connection_id, count(*) as count
  from (select connection_id from event where (reason, id) >= ('status_unknown', $1)
           and (reason, id) < ('status_unknown', $2) and reason is not null
         order by reason desc, id desc limit {COUNTED}) e
 where connection_id = any($3) group by 1
"""  # noqa: S608


async def unmapped(
    connection: Connection, connection_ids: Sequence[int], since: datetime, until: datetime
) -> int:
    """How many orders have a status nobody has explained, so may be visits or not."""
    found = await span_of(connection, "event", since, until)
    if found is None:
        return 0
    rows = await connection.fetch(UNMAPPED, *found, list(connection_ids))
    return sum(row["count"] for row in rows)
