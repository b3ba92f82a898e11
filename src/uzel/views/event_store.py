"""Raw events and events as lists."""

from typing import Any

from uzel.kit.database import Pool
from uzel.views.filters import EventFilter, RawEventFilter, phone_key
from uzel.views.query_store import Scan
from uzel.views.rows import EventRow, Page, RawEventRow

RAW_EVENT = (
    "t.id, t.connection_id, n.connector, n.name as connection_name, t.received_at, t.remote_addr, "
    "octet_length(t.body) as size, t.state, t.error, t.replays, t.processed_at"
)
EVENT = (
    "t.id, t.raw_event_id, t.position, t.connection_id, n.connector, n.name as connection_name, "
    "t.type, t.key, t.subject, t.phone, t.occurred_at, t.data, t.decision, t.reason, "
    "t.duplicate_of, t.created_at"
)
# As in the index event_label: the last word of a subject, `118` of `заказ 118`.
LABEL = "split_part(subject, ' ', -1)"
# Written out, so that PostgreSQL can tell that the partial index raw_event_open fits.
RAW_STATES = {
    "received": "state <> 'processed' and state = 'received'",
    "parked": "state <> 'processed' and state = 'parked'",
}


async def list_events(
    pool: Pool, wanted: EventFilter, before: int | None, limit: int
) -> Page[EventRow]:
    """Events that pass the filter, newest first."""
    scan = Scan("event", EVENT, "created_at")
    connection_ids = await connections_of(pool, wanted)
    if wanted.phone is not None:
        scan.key("phone", phone_key(wanted.phone), "phone is not null")
    if wanted.text is not None:
        text = " ".join(wanted.text.split())
        scan.key(LABEL, text.rpartition(" ")[2], "subject is not null")
        if " " in text:
            scan.where("subject = {}", text)
    if wanted.decision == "pending":
        scan.only("decision = 'pending'")
    elif wanted.decision is not None:
        scan.where("decision = {}", wanted.decision)
    if wanted.reason is not None:
        scan.key("reason", wanted.reason, "reason is not null")
    if wanted.type is not None:
        scan.key("type", wanted.type)
    if wanted.without:
        scan.where("type <> all({}::text[])", list(wanted.without))
    if connection_ids is not None and len(connection_ids) == 1:
        scan.key("connection_id", connection_ids[0])
    elif connection_ids is not None:
        scan.where("connection_id = any({}::int[])", connection_ids)
    await scan.between(pool, wanted.since, wanted.until)
    return await scan.page(pool, to_event, before, limit)


async def connections_of(pool: Pool, wanted: EventFilter) -> list[int] | None:
    """The connections the filter lets through; None: all."""
    if wanted.connector is None:
        return None if wanted.connection_id is None else [wanted.connection_id]
    rows = await pool.fetch(
        "select id from connection where connector = $1 and ($2::int is null or id = $2)",
        wanted.connector,
        wanted.connection_id,
    )
    return [row["id"] for row in rows]


async def list_raw_events(
    pool: Pool, wanted: RawEventFilter, before: int | None, limit: int
) -> Page[RawEventRow]:
    """Raw events that pass the filter, newest first."""
    scan = Scan("raw_event", RAW_EVENT, "received_at")
    if wanted.state in RAW_STATES:
        scan.only(RAW_STATES[wanted.state])
    elif wanted.state is not None:
        scan.where("state = {}", wanted.state)
    if wanted.connection_id is not None:
        scan.where("connection_id = {}", wanted.connection_id)
    await scan.between(pool, wanted.since, wanted.until)
    return await scan.page(pool, to_raw_event, before, limit)


def to_event(row: Any) -> EventRow:
    """A row with the columns EVENT."""
    return EventRow(**row)


def to_raw_event(row: Any) -> RawEventRow:
    """A row with the columns RAW_EVENT."""
    return RawEventRow(**row)
