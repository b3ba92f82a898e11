"""Numbers of cards do not lie about: what does not leave in time needs its card entered again.

Nothing else about such a payout changes: its money stays held, its number taken. It is the same
payout, and it leaves as soon as the same card is there.
"""

import hmac
from datetime import timedelta
from typing import Any

from uzel.calls import held_store, vault
from uzel.calls.plan import wake
from uzel.errors import ConfigError
from uzel.flows.payouts import asks
from uzel.flows.payouts.asks import Effect
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing
from uzel.payouts import card_store as store
from uzel.payouts import payout_store
from uzel.payouts.holding import CARD_NEEDED
from uzel.payouts.keys import fingerprint_key
from uzel.payouts.payout import Kind, State
from uzel.payouts.requisites import read_card
from uzel.payouts.steps import NEEDS_CARD

# Where a connection has no rule of its own: long enough for a night's stop, and for the hours in
# which a lost answer can be found.
KEEP = timedelta(hours=24)
MOST = 200
PURGED = "card_needed: its number was destroyed, it had waited for too long"
ENTERED = "the card was entered again"


async def purge(pool: Pool) -> int:
    """Destroy what has lain in the vault for too long; how many payouts lost their card by it."""
    async with pool.acquire() as connection, connection.transaction():
        await store.forget_typed(connection, KEEP)
        rows = [
            row
            for row in await store.old(connection, KEEP, MOST)
            if not row["sent"] or await store.at_rest(connection, effect_of(row))
        ]
        for row in rows:
            await vault.destroy(connection, [row["vault_id"]])
            await payout_store.step(connection, row["id"], row["state"], "uzel", PURGED)
            if row["state"] == State.WAITING:
                await store.set_error(connection, row["id"], CARD_NEEDED)
        return len(rows)


async def enter_again(
    connection: Connection, ring: KeyRing, payout: str, number: str, made_by: str = "person"
) -> Any:
    """Put the card of a payout into the vault once more, in a caller's transaction; its row. Raises
    ConfigError where it needs none or this is another card, RequisiteRejected for what is no card.
    """
    found = await payout_store.find(connection, payout)
    if found is None:
        raise ConfigError(f"there is no payout {payout}")
    row = await payout_store.lock(connection, found["id"])
    name, state = row["public_id"], State(row["state"])
    if row["kind"] != Kind.CARD or state not in NEEDS_CARD or row["vault_id"] is not None:
        raise ConfigError(f"{name} is {state} and needs no card")
    card = read_card(number)
    known = await store.fingerprint_of(connection, row["id"])
    key = await fingerprint_key(connection, ring)
    if known is None or not hmac.compare_digest(known, card.fingerprint(key)):
        raise ConfigError(f"{name} goes to {row['card_shown']}: this is another card")
    vault_id = await vault.put(connection, ring, card.reveal())
    await store.set_vault(connection, row["id"], vault_id)
    await payout_store.step(connection, row["id"], state, made_by, ENTERED)
    if row["sent"]:
        await held_store.change_argument(connection, effect_of(row), "card_number", vault_id)
        await wake(connection, row["connection_id"])
    return await payout_store.lock(connection, row["id"])


def effect_of(row: Any) -> str:
    """Of the last call that was to send it."""
    return str(Effect(asks.SEND, row["id"], row["sent"]))
