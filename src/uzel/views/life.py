"""The whole life of what came in: what arrived, what was decided, what went out, what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from uzel.kit.database import Pool
from uzel.views import life_store
from uzel.views.body import Body, readable
from uzel.views.call_store import calls_by_effect, calls_by_id
from uzel.views.message_store import messages_behind, messages_by_id, messages_by_reference
from uzel.views.rows import (
    Act,
    Call,
    EventRow,
    MessageRow,
    RawEventRow,
    ReviewRequest,
)
from uzel.views.timeline import Moment, timeline_of

RECEIPT = "receipt.updated"


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A raw event with everything it brought.

    content   the body byte for byte
    body      the same for reading
    digest    what finds duplicates, hex
    request_id  the word that follows it through the logs
    """

    row: RawEventRow
    request_id: str
    digest: str
    query: str
    headers: Mapping[str, str]
    content: bytes
    body: Body


@dataclass(frozen=True, slots=True)
class Life:
    """Everything about one event, or (`event` None) about all elements of a raw event.

    elements  all elements of the raw event, in their order
    requests  what was decided about the visits concerned, whichever event led to it
    messages  what went to people because of them; for a receipt, the message it is about
    receipts  `receipt.updated` events about these messages
    acts      what people did to the raw event and the calls
    timeline  all of that by time
    """

    event: EventRow | None
    raw_event: RawEvent
    elements: tuple[EventRow, ...]
    requests: tuple[ReviewRequest, ...]
    messages: tuple[MessageRow, ...]
    calls: tuple[Call, ...]
    receipts: tuple[EventRow, ...]
    acts: tuple[Act, ...]
    timeline: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class MessageLife:
    """A message, the calls that sent it, and the receipts about it."""

    message: MessageRow
    calls: tuple[Call, ...]
    receipts: tuple[EventRow, ...]
    acts: tuple[Act, ...]
    timeline: tuple[Moment, ...]


async def event_life(pool: Pool, event_id: int) -> Life | None:
    """The life of one event; None if there is no such event."""
    event = await life_store.event_of(pool, event_id)
    if event is None:
        return None
    raw_event = await raw_event_of(pool, event.raw_event_id)
    return await _life(pool, event, raw_event) if raw_event else None


async def raw_event_life(pool: Pool, raw_event_id: int) -> Life | None:
    """The life of a raw event and all its elements; None if there is no such raw event."""
    raw_event = await raw_event_of(pool, raw_event_id)
    return await _life(pool, None, raw_event) if raw_event else None


async def message_life(pool: Pool, message_id: int) -> MessageLife | None:
    """The life of one message; None if there is no such message."""
    messages = await messages_by_id(pool, [message_id])
    if not messages:
        return None
    calls, receipts, acts = await _sending(pool, messages, [])
    line = timeline_of(messages=messages, calls=calls, receipts=receipts, acts=acts)
    return MessageLife(messages[0], calls, receipts, acts, line)


async def find_call(pool: Pool, call_id: int) -> Call | None:
    """One call with its history; None if there is no such call."""
    calls = await calls_by_id(pool, [call_id])
    return calls[0] if calls else None


async def raw_event_of(pool: Pool, raw_event_id: int) -> RawEvent | None:
    """One raw event; None if there is none."""
    stored = await life_store.raw_event_of(pool, raw_event_id)
    if stored is None:
        return None
    return RawEvent(
        row=stored.row,
        request_id=f"raw-{stored.row.id}",
        digest=stored.digest.hex(),
        query=stored.query,
        headers=orjson.loads(stored.headers),
        content=stored.body,
        body=readable(stored.body),
    )


async def _life(pool: Pool, event: EventRow | None, raw_event: RawEvent) -> Life:
    elements = await life_store.elements_of(pool, raw_event.row.id)
    focus = elements if event is None else (event,)
    requests = await life_store.requests_for(pool, named(focus, "visit"))
    messages = await _messages(pool, focus, requests)
    calls, receipts, acts = await _sending(pool, messages, [f"raw_event:{raw_event.row.id}"])
    return Life(
        event=event,
        raw_event=raw_event,
        elements=elements,
        requests=requests,
        messages=messages,
        calls=calls,
        receipts=receipts,
        acts=acts,
        timeline=timeline_of(raw_event.row, focus, requests, messages, calls, receipts, acts),
    )


async def _messages(
    pool: Pool, focus: Sequence[EventRow], requests: Sequence[ReviewRequest]
) -> tuple[MessageRow, ...]:
    origins = [f"review_request:{request.id}" for request in requests]
    found = await messages_behind(pool, [event.id for event in focus], origins)
    about = await messages_by_reference(pool, named(focus, "reference"))
    return tuple(sorted({m.id: m for m in found + about}.values(), key=lambda m: m.id))


async def _sending(
    pool: Pool, messages: Sequence[MessageRow], subjects: Sequence[str]
) -> tuple[tuple[Call, ...], tuple[EventRow, ...], tuple[Act, ...]]:
    """(calls, receipts, what people did) of these messages."""
    calls = await calls_by_effect(pool, [f"message:{message.id}" for message in messages])
    references = [(m.connection_id, m.reference) for m in messages if m.reference]
    receipts = await life_store.receipts_for(pool, references)
    acts = await life_store.acts_on(pool, [*subjects, *(f"call:{call.row.id}" for call in calls)])
    return calls, receipts, acts


def named(events: Sequence[EventRow], name: str) -> list[tuple[int, str]]:
    """(connection id, value) of this field of the events' content, where there is one."""
    found: list[tuple[int, Any]] = [
        (event.connection_id, (event.data or {}).get(name)) for event in events
    ]
    return [(connection_id, value) for connection_id, value in found if isinstance(value, str)]
