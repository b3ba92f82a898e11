"""What a dry run looks up: the event, the request and the guest that were here before."""

from datetime import datetime
from typing import Any

from uzel.flows.review_requests.store import CLAIMABLE, GAP_IS_OVER, WAYS
from uzel.kit.database import Connection

USED = "select id from event where connection_id = $1 and key = $2 and decision <> 'skip'"

KNOWN = f"""
select r.id, r.event_id
  from review_request r,
       (select $3::text as part, $4::timestamptz as occurred_at) told
 where r.connection_id = $1 and r.visit = $2
   and ({CLAIMABLE.format(row="r", told="told", ways=WAYS.format("r.id"))}) is not true
"""  # noqa: S608

ASKED = f"""
select gap.request_id, gap.asked_at, r.event_id
  from review_gap gap left join review_request r on r.id = gap.request_id
 where gap.business_id = $1 and gap.phone = $2 and {GAP_IS_OVER} is not true
"""  # noqa: S608


async def used(connection: Connection, connection_id: int, key: str) -> int | None:
    """The event that has this key already."""
    found: int | None = await connection.fetchval(USED, connection_id, key)
    return found


async def known(
    connection: Connection,
    connection_id: int,
    visit: str,
    part: str | None,
    occurred_at: datetime,
) -> Any:
    """(id, event_id) of the request that keeps this visit from being claimed, None if none does;
    see `store.CLAIM`.
    """
    return await connection.fetchrow(KNOWN, connection_id, visit, part, occurred_at)


async def asked(connection: Connection, business_id: int, contact: str) -> Any:
    """(request_id, asked_at, event_id) of the request after which this guest is left alone, None if
    the guest may be asked; see `store.TAKE_GAP`.
    """
    return await connection.fetchrow(ASKED, business_id, contact)
