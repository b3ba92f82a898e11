"""What comes back from messages: receipts find them, answers may ask us to stop."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.events.event import Decision, Event
from uzel.kit.database import Connection
from uzel.messages import route_store
from uzel.messages.receipts import apply_receipts
from uzel.messages.reply import wish_of
from uzel.messages.stop_list import address_of, resume, stop, stopped, take_back
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut

# Somebody is to be written to again, but a later stop, or one of another kind, holds.
UNHEEDED = "start_unheeded"


async def on_receipts(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `receipt.updated`."""
    await apply_receipts(connection, [(event.connection.id, event.element) for event in events])
    return [Decision(event.id, "noted") for event in events]


async def on_inbound(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `message.received`: who writes СТОП is written to no more, and WhatsApp may be
    answered for a day.
    """
    decisions, wrote = [], []
    for event in in_order(events):
        said = event.element.data
        assert isinstance(said, Inbound)
        address = address_of(said.sender)
        if address is None:
            decisions.append(Decision(event.id, "skip", "sender_unknown"))
            continue
        wrote.append((event.connection.id, address, heard_by(event)))
        wish = wish_of(said.text)
        reason = f"reply_{wish}" if wish else None
        if wish == "stop":
            await list_as(connection, event, address, "reply")
        elif wish == "start":
            business, at = event.connection.business_id, said_at(event)
            if not await resume(connection, business, address, by_guest=True, said_at=at):
                reason = await why_not(connection, business, address) or reason
        decisions.append(Decision(event.id, "noted", reason))
    if wrote:
        await route_store.note_inbound(connection, wrote)
    return decisions


async def on_opt_outs(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `recipient.stopped` and `recipient.resumed`."""
    decisions = []
    for event in in_order(events):
        word = event.element.data
        assert isinstance(word, OptOut)
        address = address_of(word.address)
        if address is None:
            decisions.append(Decision(event.id, "skip", "sender_unknown"))
            continue
        reason: str | None = word.why
        if word.stopped:
            await list_as(connection, event, address, word.why)
        else:
            business, at = event.connection.business_id, said_at(event)
            by = event.connection.id
            if not await take_back(connection, business, address, word.why, by, at):
                reason = await why_not(connection, business, address) or word.why
        decisions.append(Decision(event.id, "noted", reason))
    return decisions


def in_order(events: Sequence[Event]) -> list[Event]:
    """As they were said, not as they came; of those said at the same moment a stop is the last."""
    return sorted(events, key=lambda event: (heard_by(event), is_stop(event.element.data)))


def is_stop(data: Any) -> bool:
    """Whether this asks to be written to no more."""
    return data.stopped if isinstance(data, OptOut) else wish_of(data.text) == "stop"


def said_at(event: Event) -> datetime | None:
    """When the wish was made, None if that is not known. Nobody says anything after we heard it,
    whatever the clock of a provider shows.
    """
    at = event.element.occurred_at
    return None if at is None else min(at, event.received_at)


def heard_by(event: Event) -> datetime:
    """By when it was said at the latest."""
    return said_at(event) or event.received_at


async def list_as(connection: Connection, event: Event, address: str, reason: str) -> None:
    """Write nobody there any more, since the event says so."""
    await stop(
        connection,
        event.connection.business_id,
        [address],
        reason,
        f"event:{event.id}",
        said_at=heard_by(event),
        connection_id=event.connection.id,
    )


async def why_not(connection: Connection, business_id: int, address: str) -> str | None:
    """The reason code for a wish to resume that changed nothing; None if nothing was to change."""
    listed = await stopped(connection, business_id, [address])
    return UNHEEDED if listed else None
