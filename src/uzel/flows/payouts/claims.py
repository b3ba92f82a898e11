"""A claim that enough people approved becomes a payout, in the transaction of the last approval."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from uzel.calls import vault
from uzel.flows.payouts import send
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing
from uzel.ledger.accounts import find, standing
from uzel.payouts import books, payout_store
from uzel.payouts.claims import approval
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims.acts import demand_card, demand_state, demand_unblocked, locked
from uzel.payouts.claims.claim import Act, ClaimRefused, State
from uzel.payouts.claims.fill import wish_of
from uzel.payouts.keys import fingerprint_key
from uzel.payouts.limits import DAY, OPERATOR_DAY, PERSON_COUNT, PERSON_DAY, limits_of
from uzel.payouts.payout import Refused
from uzel.payouts.wish import OF_CLAIMS

# What a limit of a day holds back leaves on another day, by itself.
OF_A_DAY = [DAY, PERSON_DAY, PERSON_COUNT, OPERATOR_DAY]
# What the accounts of a day's limits are called by.
OF_LIMITS = "payouts-of-"
MOST = 100
# For so long a card's number is kept for those who have not decided.
KEEP_CARDS = timedelta(days=7)


async def approve(connection: Connection, ring: KeyRing, number: int, version: int, by: str) -> Any:
    """One approver's word; the last one needed makes the payout. Its row: `submitted` where others
    have to approve too, `paying`, or `approved` where a limit holds it back (`held_code`). Raises
    ClaimRefused.
    """
    row = await approval.approve(connection, number, version, by)
    if State(row["state"]) is State.APPROVED:
        await pay(connection, ring, row, by)
    return await store.lock(connection, number)


async def pay_again(connection: Connection, ring: KeyRing, number: int, by: str) -> Any:
    """Try once more what a limit held back. Its row. Raises ClaimRefused."""
    row = await locked(connection, number)
    demand_state(row, {State.APPROVED})
    demand_card(row)
    await demand_unblocked(connection, row["claimant_id"])
    await pay(connection, ring, row, by)
    return await store.lock(connection, number)


@dataclass(frozen=True, slots=True)
class Preview:
    """What one approver's word would do.

    state     where the claim would be: see `approve`
    held_code the limit that would hold it back
    left      minor units that each limit would have left afterwards: `day`, `person`, `operator`
    have      approvals of this version, this one included, of the `need` ones
    """

    state: State
    held_code: str | None
    reason: str | None
    left: Mapping[str, int]
    have: int
    need: int


class _UndoneError(Exception):
    """Takes back what was only tried."""


async def preview(
    connection: Connection, ring: KeyRing, number: int, version: int | None, by: str
) -> Preview:
    """Do all that `approve` does, and take it back; `version` None: of the one there is. Raises
    ClaimRefused.
    """
    try:
        async with connection.transaction():
            if version is None:
                version = (await locked(connection, number))["version"]
            row = await approve(connection, ring, number, version, by)
            have = len(await store.votes(connection, number, version))
            need = await store.needed(connection, number)
            is_paying = State(row["state"]) is State.PAYING
            left = await limits_left(connection, row["payout_id"]) if is_paying else {}
            seen = Preview(State(row["state"]), row["held_code"], row["reason"], left, have, need)
            raise _UndoneError
    except _UndoneError:
        return seen


async def limits_left(connection: Connection, payout_id: int) -> Mapping[str, int]:
    """Of each limit that a payout was counted by, what is left."""
    row = await payout_store.lock(connection, payout_id)
    held = books.read(row["holds"])
    accounts = await find(connection, [it.account for it in held])
    found: dict[str, int] = {}
    for it in held:
        kind = accounts[it.account].name.partition(":")[0]
        stands = await standing(connection, it.account)
        if kind.startswith(OF_LIMITS) and stands is not None:
            found[kind.removeprefix(OF_LIMITS)] = stands.available_minor
    return found


async def pay(connection: Connection, ring: KeyRing, row: Any, by: str) -> bool:
    """Make the payout of an approved claim. False: it is held back, and `held_code` says why."""
    number = row["id"]
    key = await fingerprint_key(connection, ring)
    # It counts towards the limit of whoever decided it, whenever and by whom it is tried again.
    decider = (await store.votes(connection, number, row["version"]))[-1]
    earlier = await store.payouts(connection, number)
    name = f"{OF_CLAIMS}{number}" + (f"/{len(earlier) + 1}" if earlier else "")
    try:
        async with connection.transaction():
            limits = await limits_of(connection, row["connection_id"])
            begun = await send.begin(connection, ring, wish_of(row, key, decider, name), limits)
            if begun.repeated:
                raise Refused("external_id_reused", "another payout has this number")
            await store.pay(connection, number, begun.id)
    except Refused as refusal:
        if row["held_code"] != refusal.code:
            held = State.APPROVED
            await store.move(connection, number, held, str(refusal), held_code=refusal.code)
            await store.step(connection, number, Act.HELD, held, by, refusal.code)
        return False
    await store.move(connection, number, State.PAYING, None)
    await store.step(connection, number, Act.PAYING, State.PAYING, by, begun.public_id)
    return True


async def pay_held(pool: Pool, ring: KeyRing) -> int:
    """Pay what a limit of a day held back and does no longer; how many."""
    paid = 0
    async with pool.acquire() as connection:
        for number in await store.held_back(connection, OF_A_DAY, MOST):
            async with connection.transaction():
                row = await store.lock(connection, number)
                if State(row["state"]) is not State.APPROVED:
                    continue
                try:
                    demand_card(row)
                    await demand_unblocked(connection, row["claimant_id"])
                except ClaimRefused:
                    continue
                paid += await pay(connection, ring, row, "limits")
    return paid


async def forget_cards(pool: Pool) -> int:
    """Destroy the numbers of cards that nobody has decided on for long; how many."""
    async with pool.acquire() as connection, connection.transaction():
        old = await store.old_cards(connection, KEEP_CARDS)
        await vault.destroy(connection, [row["vault_id"] for row in old])
    return len(old)
