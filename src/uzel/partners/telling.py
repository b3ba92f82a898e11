"""Telling partners what becomes of their payments: `payment.pending`, `.completed`, `.failed`."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection
from uzel.partners import hook_store, hooks, payment_store, shown
from uzel.partners.payment import Ask, Partner, Taken


def event_of(ask: Ask, taken: Taken) -> hooks.Event | None:
    """What is told of a payment that was made just now; None to a partner without an address."""
    partner = ask.partner
    if partner.settings.hook_of(partner.book) is None:
        return None
    quote = ask.quote.public_id if ask.quote else None
    data = shown.of_taken(taken, ask.amount, ask.details, ask.external_id, quote)
    return event(partner.id, partner.book, data)


async def tell_charged(connection: Connection, partner: Partner, public_ids: Sequence[str]) -> None:
    """Prices of leads were held or taken in this transaction."""
    if partner.settings.hook_of(partner.book) is None:
        return
    rows = await payment_store.several(connection, public_ids)
    told = [event(partner.id, partner.book, shown.of_row(row)) for row in rows]
    await hooks.tell_all(connection, told)


async def tell_settled(connection: Connection, row: Any) -> None:
    """The state of a payment (a row of `payment_store`) changed in this transaction."""
    partner_id, book = row["partner_id"], row["book"]
    if not await hook_store.receivers(connection, [(partner_id, book)]):
        return
    now = await payment_store.find(connection, partner_id, book, row["public_id"])
    await hooks.tell_all(connection, [event(partner_id, book, shown.of_row(now))])


def event(partner_id: int, book: str, data: shown.Shown) -> hooks.Event:
    """A payment as it is shown is all there is to say."""
    state = data["state"]
    effect = f"payment:{data['id']}:{state}"
    return hooks.Event(partner_id, book, f"payment.{state}", data, effect)
