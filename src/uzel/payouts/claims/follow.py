"""A claim goes where its payout goes, in the transaction that moves the payout."""

from typing import Any

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
    if row["payout_id"] != payout["id"] and after is not Payout.PAID:
        return
    if state not in MOVES[State(row["state"])] or is_of_another(row, payout["id"]):
        said = f"{payout['public_id']}: {after} in {row['state']}"
        await store.step(connection, number, ACTS[state], row["state"], made_by, said)
        return
    if after is Payout.PAID:
        reason = None
    elif after is not Payout.FAILED:
        reason = f"{after}: {reason}" if reason else str(after)
    await store.move(connection, number, state, reason, ended=state in ENDED)
    await store.step(connection, number, ACTS[state], state, made_by, reason)


def is_of_another(row: Any, payout_id: int) -> bool:
    """Whether another payout of this claim is on the way or was paid: an earlier one that was paid
    after all is a step that people see, and changes nothing.
    """
    return bool(row["payout_id"] != payout_id and State(row["state"]) in (State.PAYING, State.PAID))
