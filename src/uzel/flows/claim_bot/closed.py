"""How the calls of this flow ended: messages that can be changed from now on, people who cannot be
reached any more.
"""

from collections.abc import Sequence

from uzel.calls.closing import Closed, Owner
from uzel.calls.outcome import State
from uzel.flows.claim_bot import announcement_store, store
from uzel.flows.claim_bot.announce import ANNOUNCE, SHOW, refresh
from uzel.kit.database import Connection
from uzel.payouts.claims import claim_store
from uzel.payouts.claims.claim import Act

ENDED = (State.ACCEPTED, State.REJECTED, State.NOT_SENT, State.CANCELLED)
TELEGRAM = "telegram"


def on_closed(url: str) -> Owner:
    """The owner of calls whose effect begins with `claim`. `url`: where the console is."""

    async def told(connection: Connection, closed: Sequence[Closed]) -> None:
        for item in sorted(closed, key=lambda it: it.effect):
            kind, number = item.effect.split(":")[1:3]
            if kind in (ANNOUNCE, SHOW):
                await on_shown(connection, int(number), item, url)
            elif item.result.unreachable:
                await on_unreachable(connection, item, url)

    return told


async def on_shown(connection: Connection, number: int, item: Closed, url: str) -> None:
    """A message to those who decide is there, or was changed: what happened meanwhile is shown."""
    if item.result.state not in ENDED:
        return
    claim_id = await announcement_store.claim_of(connection, number)
    if claim_id is None:
        return
    done = item.result.state is State.ACCEPTED
    message = message_of(item) if done else None
    await announcement_store.of_claim(connection, claim_id)
    await announcement_store.settled(connection, number, message, is_gone=not done)
    await refresh(connection, claim_id, url)


def message_of(item: Closed) -> int | None:
    """The number of the message that was sent or changed; None where a person says that it was."""
    found = item.result.answer.data.get("message_id") if item.result.answer else None
    return found if isinstance(found, int) else None


async def on_unreachable(connection: Connection, item: Closed, url: str) -> None:
    """Those who decide see that nothing reaches who asked."""
    chat = await store.chat_of(connection, item.effect)
    if chat is None:
        return
    why = item.result.detail or "Telegram не доставляет"
    for number in await store.unreachable(connection, chat["connection_id"], chat["chat_id"], why):
        row = await claim_store.lock(connection, number)
        await claim_store.step(connection, number, Act.UNREACHABLE, row["state"], TELEGRAM, why)
        await refresh(connection, number, url)
