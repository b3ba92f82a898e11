"""Receipts find their messages."""

from collections.abc import Sequence

from uzel.events.event import Decision, Event
from uzel.kit.database import Connection
from uzel.messages.receipts import apply_receipts


async def on_receipts(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `receipt.updated`."""
    await apply_receipts(connection, [(event.connection.id, event.element) for event in events])
    return [Decision(event.id, "noted") for event in events]
