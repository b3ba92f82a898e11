"""The whole life of what came in: what arrived, what was decided, what went out, what came back."""

from collections import Counter
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

PER_PAGE = life_store.PER_PAGE
LARGEST_POSITION = 2**31 - 1


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
    """Everything about one event, or (`event` None) about a page of elements of a raw event.

    elements  of the raw event, in their order: those on this page
    requests  what was decided about the visits concerned, whichever event led to it
    messages  what went to people because of them; for a receipt, the message it is about
    receipts  `receipt.updated` events about these messages
    acts      what people did to the raw event and the calls
    timeline  all of that by time
    total     how many elements the raw event has
    next      the position at which the next page of them begins; None: this was the last one
    cut       of the receipts or the acts only the newest are here
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
    total: int
    next: int | None
    cut: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """What stands now where an event stood before a replay; `event_id` None: nothing (yet)."""

    raw_event_id: int
    event_id: int | None


@dataclass(frozen=True, slots=True)
class MessageLife:
    """A message, the calls that sent it, and the receipts about it; `cut` as in Life."""

    message: MessageRow
    calls: tuple[Call, ...]
    receipts: tuple[EventRow, ...]
    acts: tuple[Act, ...]
    timeline: tuple[Moment, ...]
    cut: bool


async def event_life(pool: Pool, event_id: int, first: int | None = None) -> Life | None:
    """The life of one event, with a page of its raw event's elements from the position `first` on,
    else the page it stands on; None if there is no such event.
    """
    event = await life_store.event_of(pool, event_id)
    if event is None:
        return None
    raw_event = await raw_event_of(pool, event.raw_event_id)
    if raw_event is None:
        return None
    if first is None:
        first = event.position // PER_PAGE * PER_PAGE
    return await _life(pool, event, raw_event, first)


async def raw_event_life(pool: Pool, raw_event_id: int, first: int = 0) -> Life | None:
    """The life of a raw event and of a page of its elements, from the position `first` on; None if
    there is no such raw event.
    """
    raw_event = await raw_event_of(pool, raw_event_id)
    return await _life(pool, None, raw_event, first) if raw_event else None


async def moved_event(pool: Pool, event_id: int) -> Moved | None:
    """Where an event went whose raw event was replayed; None if this is no such event."""
    row = await life_store.moved_event(pool, event_id)
    return Moved(row["raw_event_id"], row["id"]) if row else None


async def message_life(pool: Pool, message_id: int) -> MessageLife | None:
    """The life of one message; None if there is no such message."""
    messages = await messages_by_id(pool, [message_id])
    if not messages:
        return None
    calls, receipts, acts = await _sending(pool, messages, [])
    line = timeline_of(messages=messages, calls=calls, receipts=receipts, acts=acts)
    return MessageLife(messages[0], calls, receipts, acts, line, is_cut(receipts, acts))


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


async def _life(pool: Pool, event: EventRow | None, raw_event: RawEvent, first: int) -> Life:
    found = await life_store.elements_of(pool, raw_event.row.id, min(first, LARGEST_POSITION))
    elements = found[:PER_PAGE]
    focus = elements if event is None else (event,)
    requests = await life_store.requests_for(pool, named(focus, "visit"))
    messages = await _messages(pool, focus, requests)
    calls, receipts, acts = await _sending(pool, messages, [f"raw_event:{raw_event.row.id}"], focus)
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
        total=await life_store.count_elements(pool, raw_event.row.id),
        next=found[PER_PAGE].position if len(found) > PER_PAGE else None,
        cut=is_cut(receipts, acts),
    )


def is_cut(receipts: Sequence[EventRow], acts: Sequence[Act]) -> bool:
    """Whether one of these is as long as it may be, all together or about one message."""
    about = Counter((r.connection_id, (r.data or {}).get("reference")) for r in receipts)
    most = max(about.values(), default=0)
    return len(receipts) >= life_store.MOST_RECEIPTS or max(most, len(acts)) >= life_store.MOST


async def _messages(
    pool: Pool, focus: Sequence[EventRow], requests: Sequence[ReviewRequest]
) -> tuple[MessageRow, ...]:
    origins = [f"review_request:{request.id}" for request in requests]
    found = await messages_behind(pool, [event.id for event in focus], origins)
    about = await messages_by_reference(pool, named(focus, "reference"))
    return tuple(sorted({m.id: m for m in found + about}.values(), key=lambda m: m.id))


async def _sending(
    pool: Pool,
    messages: Sequence[MessageRow],
    subjects: Sequence[str],
    focus: Sequence[EventRow] = (),
) -> tuple[tuple[Call, ...], tuple[EventRow, ...], tuple[Act, ...]]:
    """(calls, receipts, what people did) of these messages, and the lookups of guests."""
    effects = [f"message:{message.id}" for message in messages]
    calls = await calls_by_effect(pool, effects + [f"guest:{event.id}" for event in focus])
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
