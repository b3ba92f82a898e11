"""Entries that are not taken back by hand, because something of ours rests on them."""

from uzel.kit.database import Connection
from uzel.partners import payment_store, proposal_store


async def rests_on(connection: Connection, entry: int) -> str | None:
    """What rests on an entry, and what to do instead; None: it may be taken back."""
    payment = await payment_store.of_entry(connection, entry)
    if payment is not None:
        return f"it is of the payment {payment}; instead: uzel partner fail {payment} REASON"
    proposal = await proposal_store.of_entry(connection, entry)
    if proposal is not None:
        return f"it is of proposal {proposal}; instead: uzel partner correct PARTNER AMOUNT"
    return None
