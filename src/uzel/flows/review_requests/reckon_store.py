"""Requests that wait, with what their times follow from, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, columns

# First ways only: those that take over leave as soon as they may. What the budget holds has a day
# of its own, and what met an error is tried again in its time.
WAITING = """
select m.id, c.id as call_id, m.connection_id, c.due_at, m.not_after, r.id as request_id,
       r.created_at, coalesce(e.occurred_at, w.received_at) as visited_at, n.connector,
       coalesce(p.time_zone, b.time_zone) as zone, b.rules::text as business_rules,
       nullif(p.rules, '{}')::text as place_rules
  from message m
  join call c on c.effect = 'message:' || m.id
  join review_request r on r.id = split_part(m.origin, ':', 2)::bigint
  join event e on e.id = r.event_id
  join raw_event w on w.id = e.raw_event_id
  join connection n on n.id = e.connection_id
  join business b on b.id = m.business_id
  join place p on p.id = r.place_id
 where m.state = 'planned' and m.id > $2 and m.business_id = $1
   and m.purpose = 'review_request' and m.hop = 0
   and c.state = 'planned' and c.error_class is null and c.detail is distinct from 'budget_spent'
 order by m.id limit $3
"""

MOVE = """
with given as (
    select * from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::int[])
        as g(id, due_at, not_after, remind_after_s)
), moved as (
    update call c set due_at = coalesce(g.due_at, clock_timestamp()), detail = null
      from given g where c.effect = 'message:' || g.id and c.state = 'planned'
    returning g.id, g.not_after, c.due_at, g.remind_after_s
), requests as (
    update review_request r
       set due_at = d.due_at, not_after = d.not_after,
           remind_at = d.due_at + make_interval(secs => d.remind_after_s)
      from moved d join message m on m.id = d.id
     where r.id = split_part(m.origin, ':', 2)::bigint
)
update message m
   set not_after = d.not_after, state_reason = null,
       escalate_at = case when m.next_hops is not null
                     then d.due_at + make_interval(secs => m.wait_s) end
  from moved d where m.id = d.id
returning m.connection_id
"""


async def waiting(
    connection: Connection, business_id: int, after_id: int, most: int, *, lock: bool
) -> list[Any]:
    """Up to `most` requests of a business that wait, in the order of their messages; see WAITING.
    lock: keep them from leaving meanwhile, without those that just do.
    """
    query = f"{WAITING} for update of c skip locked" if lock else WAITING
    return await connection.fetch(query, business_id, after_id, most)


async def move(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """(message, when it leaves or None for now, until when, seconds until the reminder or None);
    returns the connection of each.
    """
    found = await connection.fetch(MOVE, *columns(rows))
    return [row["connection_id"] for row in found]
