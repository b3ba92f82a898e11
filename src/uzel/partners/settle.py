"""The end of a payment: by a report, or by a person."""

from dataclasses import dataclass
from typing import Any

from uzel.kit.database import Connection
from uzel.ledger.command import Command, End, How, Leg, Post
from uzel.ledger.judge import opposite
from uzel.ledger.post import post
from uzel.partners import payment_store as store
from uzel.partners.payment import State
from uzel.partners.telling import tell_settled
from uzel.people.store import note


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of it. `changed`: False where it was so already, or cannot be (`refused`:
    `unknown`, or `given_back`: what was given back is not taken again).
    """

    state: State | None
    changed: bool
    refused: str | None = None


async def settle(
    connection: Connection, public_id: str, state: State, *, made_by: str, reason: str
) -> Settled:
    """Complete a payment, or let it fail: the money is taken, or given back, once. In a transaction
    of the caller's, with what made it so. The partner is told.
    """
    row = await store.lock(connection, public_id)
    if row is None:
        return Settled(None, changed=False, refused="unknown")
    now = State(row["state"])
    if now is state or state is State.PENDING:
        return Settled(now, changed=False)
    if now is State.FAILED:
        return Settled(now, changed=False, refused="given_back")
    entry, refund = await in_ledger(connection, row, state, made_by, reason)
    error = reason if state is State.FAILED else None
    await store.move(connection, row["id"], state, error, entry, refund, made_by, reason)
    await tell_settled(connection, row)
    return Settled(state, changed=True)


async def end_by_person(
    connection: Connection, public_id: str, state: State, *, by: str, reason: str
) -> Settled:
    """`settle` by the word of a person, with a note among what was done about the partner. Of what
    failed the partner gets the reason, word for word.
    """
    done = await settle(connection, public_id, state, made_by=by, reason=reason)
    if done.changed:
        row = await store.lock(connection, public_id)
        said = {"payment": public_id, "reason": reason}
        await note(connection, by, state.value, f"partner:{row['partner_id']}", said)
    return done


async def in_ledger(
    connection: Connection, row: Any, state: State, made_by: str, reason: str
) -> tuple[int | None, int | None]:
    """(the entry that takes it, the one that gives it back), where one was made now."""
    origin = f"payment:{row['public_id']}"
    legs = tuple(Leg(account, amount) for account, amount in row["legs"]["legs"])
    command: Command
    if state is State.FAILED and row["entry_id"] is not None:
        command = Post(
            f"{origin}:back", "payment_back", opposite(legs), made_by, reason, row["entry_id"]
        )
        return None, await done(connection, command)
    if row["hold_id"] is None:
        return None, None
    if state is State.FAILED:
        await done(connection, End(row["hold_id"], How.RELEASED, None, made_by, reason))
        return None, None
    entry = Post(f"{origin}:done", "payment", legs, made_by, reason)
    return await done(connection, End(row["hold_id"], How.POSTED, entry, made_by, reason)), None


async def done(connection: Connection, command: Command) -> int:
    """The number of what was done. A payment row says what it can be, so nothing else is right."""
    (verdict,) = await post(connection, [command])
    if not verdict.is_done or verdict.number is None:
        raise RuntimeError(f"the ledger refuses the end of a payment: {verdict.refused}")
    return verdict.number
