"""Review requests in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection

# One row per visit decides: a visit that was asked about is not asked about again; one that was
# cancelled is asked about only by a completion that happened after the cancellation, and only if
# no message about it may have left. It is a new request then: the old one's message is withdrawn.
CLAIM = """
insert into review_request as r (business_id, connection_id, visit, place_id, event_id, phone,
                                 state, occurred_at)
select business_id, connection_id, visit, place_id, event_id, phone, 'asked', occurred_at
  from unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
              $7::timestamptz[])
    as g(business_id, connection_id, visit, place_id, event_id, phone, occurred_at)
on conflict (connection_id, visit) do update
   set id = default, state = 'asked', reason = null, event_id = excluded.event_id,
       phone = excluded.phone, place_id = excluded.place_id, occurred_at = excluded.occurred_at,
       updated_at = now()
 where r.state = 'cancelled' and excluded.occurred_at > r.occurred_at
   and not exists (select 1 from message m where m.origin = 'review_request:' || r.id
                   and m.state <> 'cancelled')
returning id, event_id
"""

# The row of a phone is taken by whoever asks first; the others find it fresh. A request that was
# withdrawn or could not be sent does not count as having asked.
TAKE_GAP = """
insert into review_gap as gap (business_id, phone, asked_at, request_id)
select g.business_id, g.phone, now(), g.request_id
  from unnest($1::bigint[], $2::text[], $3::bigint[]) as g(business_id, phone, request_id)
on conflict (business_id, phone) do update
   set asked_at = now(), request_id = excluded.request_id
 where gap.asked_at < now() - make_interval(
           days => (select request_gap_days from business where id = gap.business_id))
    or exists (select 1 from message m where m.origin = 'review_request:' || gap.request_id
               and m.state in ('failed', 'cancelled'))
returning request_id
"""

CANCEL = """
insert into review_request as r (business_id, connection_id, visit, event_id, phone, state, reason,
                                 occurred_at)
select business_id, connection_id, visit, event_id, phone, 'cancelled', reason, occurred_at
  from unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::text[],
              $7::timestamptz[])
    as g(business_id, connection_id, visit, event_id, phone, reason, occurred_at)
on conflict (connection_id, visit) do update
   set state = 'cancelled', reason = excluded.reason, updated_at = now(),
       occurred_at = greatest(r.occurred_at, excluded.occurred_at)
 where r.state = 'asked'
   and (excluded.occurred_at is null or r.occurred_at is null
        or excluded.occurred_at >= r.occurred_at)
returning id
"""


async def claim(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> dict[int, int]:
    """Event id → request id for the visits that are now ours to ask about."""
    found = await connection.fetch(CLAIM, *(list(column) for column in zip(*rows, strict=True)))
    return {row["event_id"]: row["id"] for row in found}


async def take_gap(connection: Connection, rows: Sequence[tuple[int, str, int]]) -> set[int]:
    """(business, phone, request) → the requests whose phone may be asked now."""
    if not rows:
        return set()
    found = await connection.fetch(TAKE_GAP, *(list(column) for column in zip(*rows, strict=True)))
    return {row["request_id"] for row in found}


async def give_up(connection: Connection, request_ids: Sequence[int]) -> None:
    """Requests that were claimed and then not made leave no trace but their event's reason."""
    if not request_ids:
        return
    await connection.execute("delete from review_request where id = any($1)", list(request_ids))


async def cancel(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """Mark visits as cancelled; returns the requests whose state this changed or set."""
    found = await connection.fetch(CANCEL, *(list(column) for column in zip(*rows, strict=True)))
    return [row["id"] for row in found]


async def places(connection: Connection, business_ids: Sequence[int]) -> list[Any]:
    """(business_id, id, name, review_url, source_ref) of these businesses."""
    return await connection.fetch(
        "select business_id, id, name, review_url, source_ref from place "
        "where business_id = any($1)",
        list(business_ids),
    )
