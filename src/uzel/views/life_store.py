"""What belongs to one raw event or event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uzel.kit.database import Pool
from uzel.views.event_store import EVENT, RAW_EVENT, to_event, to_raw_event
from uzel.views.rows import Act, EventRow, RawEventRow, ReviewRequest

# As in the index event_thing: what an event is about, in the source's or the provider's words.
THING = "split_part(coalesce(data ->> 'visit', data ->> 'reference'), ':', -1)"
MOST = 100


@dataclass(frozen=True, slots=True)
class Stored:
    """A raw event as it was stored. `headers` is JSON text."""

    row: RawEventRow
    digest: bytes
    query: str
    headers: str
    body: bytes


async def raw_event_of(pool: Pool, raw_event_id: int) -> Stored | None:
    """The raw event with this id."""
    row = await pool.fetchrow(
        f"select {RAW_EVENT}, t.digest, t.query, t.headers, t.body from raw_event t "  # noqa: S608
        "join connection n on n.id = t.connection_id where t.id = $1",
        raw_event_id,
    )
    if row is None:
        return None
    columns = dict(row)
    rest = {name: columns.pop(name) for name in ("digest", "query", "headers", "body")}
    return Stored(to_raw_event(columns), **rest)


async def event_of(pool: Pool, event_id: int) -> EventRow | None:
    """The event with this id."""
    row = await pool.fetchrow(
        f"select {EVENT} from event t join connection n on n.id = t.connection_id "  # noqa: S608
        "where t.id = $1",
        event_id,
    )
    return to_event(row) if row else None


async def elements_of(pool: Pool, raw_event_id: int) -> tuple[EventRow, ...]:
    """The elements of a raw event, in their order."""
    rows = await pool.fetch(
        f"select {EVENT} from event t join connection n on n.id = t.connection_id "  # noqa: S608
        "where t.raw_event_id = $1 order by t.position",
        raw_event_id,
    )
    return tuple(map(to_event, rows))


async def requests_for(pool: Pool, visits: Sequence[tuple[int, str]]) -> tuple[ReviewRequest, ...]:
    """What was decided about these (connection id, visit), oldest first."""
    rows = await pool.fetch(
        "select r.* from review_request r join unnest($1::int[], $2::text[]) "
        "as g(connection_id, visit) on r.connection_id = g.connection_id and r.visit = g.visit "
        "order by r.id",
        [visit[0] for visit in visits],
        [visit[1] for visit in visits],
    )
    return tuple(ReviewRequest(**row) for row in rows)


async def receipts_for(pool: Pool, references: Sequence[tuple[int, str]]) -> tuple[EventRow, ...]:
    """Receipts about the messages with these (connection id, reference), oldest first."""
    rows = await pool.fetch(
        f"select {EVENT} from (select e.* from unnest($1::int[], $2::text[]) "  # noqa: S608
        f"as g(connection_id, reference), lateral (select * from event where {THING} "
        "= split_part(g.reference, ':', -1) and data is not null and type = 'receipt.updated' "
        "and connection_id = g.connection_id and data ->> 'reference' = g.reference "
        f"order by id desc limit {MOST}) e) t "
        "join connection n on n.id = t.connection_id order by t.id",
        [key[0] for key in references],
        [key[1] for key in references],
    )
    return tuple(map(to_event, rows))


async def acts_on(pool: Pool, subjects: Sequence[str]) -> tuple[Act, ...]:
    """What people did to these (`raw_event:17`, `call:3`), oldest first."""
    rows = await pool.fetch(
        "select id, at, actor, action, subject, detail from audit "
        "where subject = any($1::text[]) and subject is not null order by id",
        list(subjects),
    )
    return tuple(to_act(row) for row in rows)


def to_act(row: Any) -> Act:
    """A row of the audit."""
    return Act(**row)
