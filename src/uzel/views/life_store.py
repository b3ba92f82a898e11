"""What belongs to one raw event or event."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from uzel.kit.database import Pool
from uzel.views.event_store import EVENT, RAW_EVENT, to_event, to_raw_event
from uzel.views.rows import Act, EventRow, RawEventRow, ReviewRequest

# As in the index event_thing: what an event is about, in the source's or the provider's words.
THING = "split_part(coalesce(data ->> 'visit', data ->> 'reference'), ':', -1)"
MOST = 100
# Elements of a raw event, shown at once; whatever follows from so many is bounded in its turn.
PER_PAGE = 100
MOST_RECEIPTS = 300


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


async def moved_event(pool: Pool, event_id: int) -> Any:
    """(raw_event_id, id) of what stands now where the event with this id stood before a replay;
    `id` None: nothing does (yet). None if there never was such an event.
    """
    return await pool.fetchrow(
        "select m.raw_event_id, e.id from moved_event m left join event e "
        "on e.raw_event_id = m.raw_event_id and e.position = m.position where m.id = $1",
        event_id,
    )


async def is_raw_event(pool: Pool, raw_event_id: int) -> bool:
    """Whether there is a raw event with this id."""
    return bool(
        await pool.fetchval("select exists (select 1 from raw_event where id = $1)", raw_event_id)
    )


async def elements_of(pool: Pool, raw_event_id: int, first: int) -> tuple[EventRow, ...]:
    """The elements of a raw event from the position `first` on, in their order: a page, since one
    body may hold thousands, and one more if there is one.
    """
    rows = await pool.fetch(
        f"select {EVENT} from (select * from event where raw_event_id = $1 "  # noqa: S608
        f"and position >= $2 order by position limit {PER_PAGE + 1}) t "
        "join connection n on n.id = t.connection_id order by t.position",
        raw_event_id,
        first,
    )
    return tuple(map(to_event, rows))


async def count_elements(pool: Pool, raw_event_id: int) -> int:
    """How many elements a raw event has. Reads an index, of as many entries as one body can fill
    (`uzel.events.process.MOST_ELEMENTS`).
    """
    found: int = await pool.fetchval(
        "select count(*) from event where raw_event_id = $1", raw_event_id
    )
    return found


REQUEST = ", ".join(f"r.{field.name}" for field in fields(ReviewRequest))


async def requests_for(pool: Pool, visits: Sequence[tuple[int, str]]) -> tuple[ReviewRequest, ...]:
    """What was decided about these (connection id, visit), oldest first."""
    rows = await pool.fetch(
        f"select {REQUEST} from review_request r join unnest($1::int[], $2::text[]) "  # noqa: S608
        "as g(connection_id, visit) on r.connection_id = g.connection_id and r.visit = g.visit "
        "order by r.id",
        [visit[0] for visit in visits],
        [visit[1] for visit in visits],
    )
    return tuple(ReviewRequest(**row) for row in rows)


async def receipts_for(pool: Pool, references: Sequence[tuple[int, str]]) -> tuple[EventRow, ...]:
    """Receipts about the messages with these (connection id, reference), oldest first; the newest
    MOST_RECEIPTS.
    """
    rows = await pool.fetch(
        f"select {EVENT} from (select e.* from unnest($1::int[], $2::text[]) "  # noqa: S608
        f"as g(connection_id, reference), lateral (select * from event where {THING} "
        "= split_part(g.reference, ':', -1) and data is not null and type = 'receipt.updated' "
        "and connection_id = g.connection_id and data ->> 'reference' = g.reference "
        f"order by id desc limit {MOST}) e order by e.id desc limit {MOST_RECEIPTS}) t "
        "join connection n on n.id = t.connection_id order by t.id",
        [key[0] for key in references],
        [key[1] for key in references],
    )
    return tuple(map(to_event, rows))


async def acts_on(pool: Pool, subjects: Sequence[str]) -> tuple[Act, ...]:
    """What people did to these (`raw_event:17`, `call:3`), oldest first; the newest MOST."""
    rows = await pool.fetch(
        "select a.* from unnest($1::text[]) as s(subject), lateral ("  # noqa: S608
        "select id, at, actor, action, "
        "subject, detail from audit where subject = s.subject and subject is not null "
        f"order by id desc limit {MOST}) a order by a.id desc limit {MOST}",
        list(dict.fromkeys(subjects)),
    )
    return tuple(to_act(row) for row in reversed(rows))


def to_act(row: Any) -> Act:
    """A row of the audit."""
    return Act(**row)
