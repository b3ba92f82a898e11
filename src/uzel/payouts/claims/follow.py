"""A claim goes where its payout goes, in the transaction that moves the payout."""

from typing import Any

from uzel.calls import vault
from uzel.kit.database import Connection
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims.claim import ENDED, FOLLOWS, MOVES, Act, State
from uzel.payouts.payout import OPEN
from uzel.payouts.payout import State as Payout

ACTS = {State.PAID: Act.PAID, State.FAILED: Act.FAILED}


async def follow(
    connection: Connection, payout: Any, after: Payout, made_by: str, reason: str | None
) -> None:
    """`payout`: its row before the step to `after`."""
    number = await store.of_payout(connection, payout["id"])
    if number is None or after in OPEN:
        return
    row = await store.lock(connection, number)
    if after is not Payout.PAID:
        await store.end_payout(connection, payout["id"])
    state = FOLLOWS[after]
    if state not in MOVES[State(row["state"])] or is_of_another(row, payout["id"], after):
        said = f"{payout['public_id']}: {after} in {row['state']}"
        await store.step(connection, number, ACTS[state], row["state"], made_by, said)
        return
    said_of = reason_of(after, reason)
    if state is State.FAILED and (paid := await paid_by(connection, number, payout["id"])):
        # An earlier one was paid after all, while this one was on the way.
        state, said_of = State.PAID, f"{payout['public_id']}: {after}; {paid['public_id']}: paid"
        await store.set_payout(connection, number, paid["payout_id"])
    elif state is State.PAID and row["payout_id"] != payout["id"]:
        await store.set_payout(connection, number, payout["id"])
    kept = said_of if state is State.FAILED else None
    await store.move(connection, number, state, kept, ended=state in ENDED)
    await store.step(connection, number, ACTS[state], state, made_by, said_of)
    if row["vault_id"] is not None and row["vault_id"] != payout["vault_id"]:
        # It was asked for again, by a card that nobody needs any more.
        await vault.destroy(connection, [row["vault_id"]])


def reason_of(after: Payout, reason: str | None) -> str | None:
    """What people read of it."""
    if after is Payout.PAID:
        return None
    if after is Payout.FAILED:
        return reason
    return f"{after}: {reason}" if reason else str(after)


async def paid_by(connection: Connection, number: int, besides: int) -> Any:
    """Another payout of this claim that was paid; None."""
    for payout in await store.payouts(connection, number):
        if payout["payout_id"] != besides and payout["state"] == Payout.PAID:
            return payout
    return None


def is_of_another(row: Any, payout_id: int, after: Payout) -> bool:
    """Whether this is about another payout of the claim than the one that counts: one that was paid
    after all while the newest is on the way, or came back later, is a step that people see, and
    changes nothing.
    """
    if row["payout_id"] == payout_id:
        return False
    return after is not Payout.PAID or State(row["state"]) in (State.PAYING, State.PAID)
