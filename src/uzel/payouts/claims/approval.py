"""Whether a claim is paid: the word of those who may say so, and never of who asked for it."""

from typing import Any

import asyncpg

from uzel.kit.database import Connection
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims.acts import (
    demand_card,
    demand_move,
    demand_state,
    demand_unblocked,
    forget_card,
    locked,
    reason_of,
)
from uzel.payouts.claims.claim import Act, ClaimRefused, State


async def approve(connection: Connection, number: int, version: int, by: str) -> Any:
    """One approver's word for a version of it; its row, which is `approved` as soon as enough have
    said so. Raises ClaimRefused.
    """
    row = await locked(connection, number, version)
    demand_state(row, {State.SUBMITTED})
    await demand_unblocked(connection, row["claimant_id"])
    demand_card(row)
    person = await decider(connection, row, by)
    try:
        is_new = await store.vote(connection, number, version, person)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise ClaimRefused("no_approver", str(error)) from None
    if not is_new:
        raise ClaimRefused("voted", f"{person} has approved it already")
    have, need = (
        len(await store.votes(connection, number, version)),
        await store.needed(connection, number),
    )
    if have < need:
        await store.step(connection, number, Act.VOTED, State.SUBMITTED, person, f"{have}/{need}")
        return row
    await store.move(connection, number, State.APPROVED, None, decided=True)
    await store.step(connection, number, Act.APPROVED, State.APPROVED, person, None)
    return await store.lock(connection, number)


async def reject(
    connection: Connection, number: int, by: str, reason: str, version: int | None = None
) -> Any:
    """It is not paid, and the claimant is told why. Its row. Raises ClaimRefused."""
    row = await locked(connection, number, version)
    if not (said := reason_of(reason)):
        raise ClaimRefused("reason", "whoever asked wants to know why")
    if State(row["state"]) is State.REJECTED:
        return row
    demand_move(row, State.REJECTED)
    person = await decider(connection, row, by)
    await store.move(connection, number, State.REJECTED, said, decided=True, ended=True)
    await store.step(connection, number, Act.REJECTED, State.REJECTED, person, said)
    await forget_card(connection, row)
    return await store.lock(connection, number)


async def decider(connection: Connection, row: Any, by: str) -> str:
    """The login of who decides. Raises ClaimRefused: `same_person`, `no_approver`."""
    person = await store.person_of(connection, by)
    if not await store.may_approve(connection, person):
        raise ClaimRefused("no_approver", f"{person} may not decide on claims")
    if person in await store.editors(connection, row["id"]):
        raise ClaimRefused("same_person", "nobody decides on what they asked for or changed")
    return person
