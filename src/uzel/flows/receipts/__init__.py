"""What comes back from messages: receipts find them, answers may ask us to stop."""

from collections.abc import Sequence

from uzel.events.event import Decision, Event
from uzel.kit.database import Connection
from uzel.messages import route_store
from uzel.messages.receipts import apply_receipts
from uzel.messages.stop_list import address_of, resume, stop, wish_of
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut


async def on_receipts(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `receipt.updated`."""
    await apply_receipts(connection, [(event.connection.id, event.element) for event in events])
    return [Decision(event.id, "noted") for event in events]


async def on_inbound(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `message.received`: who writes СТОП is written to no more, and WhatsApp may be
    answered for a day.
    """
    decisions, wrote = [], []
    for event in events:
        said = event.element.data
        assert isinstance(said, Inbound)
        address = address_of(said.sender)
        if address is None:
            decisions.append(Decision(event.id, "skip", "sender_unknown"))
            continue
        wrote.append((event.connection.id, address))
        wish = wish_of(said.text)
        if wish == "stop":
            source = f"event:{event.id}"
            await stop(connection, event.connection.business_id, [address], "reply", source)
        elif wish == "start":
            await resume(connection, event.connection.business_id, address, by_guest=True)
        decisions.append(Decision(event.id, "noted", f"reply_{wish}" if wish else None))
    if wrote:
        await route_store.note_inbound(connection, wrote)
    return decisions


async def on_opt_outs(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `recipient.stopped` and `recipient.resumed`."""
    decisions = []
    for event in events:
        word = event.element.data
        assert isinstance(word, OptOut)
        address = address_of(word.address)
        business = event.connection.business_id
        if address is None:
            decisions.append(Decision(event.id, "skip", "sender_unknown"))
            continue
        if word.stopped:
            await stop(connection, business, [address], word.why, f"event:{event.id}")
        else:
            await resume(connection, business, address, by_guest=True)
        decisions.append(Decision(event.id, "noted", word.why))
    return decisions
