"""What a provider tells by itself: nobody signs it, so it is a hint to ask."""

from collections.abc import Sequence

from uzel.events.event import Decision, Event
from uzel.flows.payouts import chore_store, send
from uzel.flows.payouts.chores import AFTER_HINT_S, BALANCE
from uzel.kit.database import Connection
from uzel.model.payout_hint import PayoutHint
from uzel.payouts import payout_store as store


async def on_told(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `payout.told`."""
    decisions: list[Decision] = []
    for event in sorted(events, key=lambda it: it.id):
        hint = event.element.data
        assert isinstance(hint, PayoutHint)
        number = await store.told_of(connection, event.connection.id, hint.payment_id)
        if number is None:
            # One whose answer was lost has no number yet: the look for it finds it.
            decisions.append(Decision(event.id, "skip", "payout_unknown"))
            continue
        row = await store.lock(connection, number)
        await send.ask_after(connection, row, hint.payment_id, now=True)
        decisions.append(Decision(event.id, "noted"))
    told = sorted({event.connection.id for event in events})
    await chore_store.hurry(connection, told, BALANCE, AFTER_HINT_S)
    return decisions
