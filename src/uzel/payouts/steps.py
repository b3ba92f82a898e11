"""The steps of a payout: each once, each with what it does to the money, all in one transaction."""

from collections.abc import Sequence
from typing import Any

from uzel.calls import vault
from uzel.kit.database import Connection
from uzel.payouts import books
from uzel.payouts import payout_store as store
from uzel.payouts.claims.follow import follow
from uzel.payouts.payout import MOVES, OPEN, State, effect_of
from uzel.payouts.programs import callbacks

# In these the number of the card is still needed: it is to be sent, or may have to be sent again.
NEEDS_CARD = frozenset({State.WAITING, State.UNKNOWN})


async def move(
    connection: Connection,
    row: Any,
    state: State,
    *,
    made_by: str,
    reason: str | None = None,
    provider_status: str | None = None,
    provider_id: str | None = None,
) -> bool:
    """Move a payout on; `row` is locked. False: it is there already, or cannot go there, which is
    written down as a step all the same: somebody said so.
    """
    before = State(row["state"])
    if state is before:
        if provider_id is not None and row["provider_id"] is None:
            await keep(connection, row, before, provider_status, provider_id)
        return False
    if state not in MOVES[before]:
        said = f"{state} after {before}" + (f": {reason}" if reason else "")
        await store.step(connection, row["id"], before, made_by, said)
        return False
    # Before the money: who approves a claim takes its row first and accounts after it.
    await follow(connection, row, state, made_by, reason)
    await books.settle(
        connection,
        row["public_id"],
        books.read(row["holds"]),
        row["amount_minor"],
        effect_of(before, state),
        made_by,
    )
    error = reason if state in (State.FAILED, State.UNKNOWN, State.RETURNED) else None
    await store.move(
        connection, row["id"], state, error, provider_status, provider_id, ended=state not in OPEN
    )
    await store.step(connection, row["id"], state, made_by, reason)
    if state not in NEEDS_CARD:
        await vault.destroy(connection, numbers([row["vault_id"]]))
    await callbacks.tell(connection, row["id"])
    return True


async def keep(
    connection: Connection, row: Any, state: State, status: str | None, provider_id: str
) -> None:
    """What the provider calls it, without a step."""
    ended = state not in OPEN
    await store.move(connection, row["id"], state, row["error"], status, provider_id, ended=ended)


def numbers(found: Sequence[int | None]) -> list[int]:
    return [number for number in found if number is not None]
