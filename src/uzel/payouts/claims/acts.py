"""What people do with a claim until it is decided on, each act in a transaction of the caller's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uzel.calls import vault
from uzel.kit.card_numbers import cut
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.model.cards import masked
from uzel.payouts.bank_list import directory
from uzel.payouts.banks import Directory
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims import claimant_store as claimants
from uzel.payouts.claims.claim import EDITABLE, MOVES, Act, ClaimRefused, Filled, Form, State
from uzel.payouts.claims.fill import fill, missing, number_of
from uzel.payouts.keys import fingerprint_key
from uzel.payouts.payout import Kind
from uzel.payouts.wish import CURRENCY

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Keys:
    """What reading a form takes: the ring that seals cards, the key of fingerprints, the banks;
    None: those of the claim's connection.
    """

    ring: KeyRing
    key: bytes
    directory: Directory | None = None


async def keys_of(connection: Connection, ring: KeyRing) -> Keys:
    """Those of this installation. Raises ConfigError."""
    return Keys(ring, await fingerprint_key(connection, ring))


async def read(connection: Connection, keys: Keys, through: int, form: Form) -> Filled:
    """What is good of a form. Raises WishRejected."""
    banks = keys.directory or await directory(connection, through)
    return fill(form, banks, keys.key)


async def make(
    connection: Connection,
    keys: Keys,
    through: int,
    form: Form,
    by: str,
    *,
    claimant_id: int | None = None,
    external_id: str | None = None,
) -> Any:
    """A new draft; its row. The same `external_id` again: the one there is, as it is now. Raises
    ClaimRefused, WishRejected; UniqueViolationError where the same is being made at this moment.
    """
    external_id = number_of(external_id) if external_id is not None else None
    filled = await read(connection, keys, through, form)
    if external_id is not None and (known := await store.by_external_id(connection, external_id)):
        is_same = known["claimant_id"] == claimant_id and known["connection_id"] == through
        if not is_same or not await was_made_so(connection, known, filled.columns):
            raise ClaimRefused("external_id_reused", "another claim has this number")
        return known
    await demand_unblocked(connection, claimant_id)
    number = await store.add(connection, through, claimant_id, external_id, CURRENCY, by)
    if filled.columns:
        row = await store.lock(connection, number)
        await put_in(connection, keys, row, filled.columns, filled.number, by)
    await store.step(connection, number, Act.MADE, State.DRAFT, by, None)
    return await store.lock(connection, number)


async def was_made_so(connection: Connection, row: Any, columns: Mapping[str, Any]) -> bool:
    """Whether it can have been made by these values; what was edited since could have been."""
    if all(row[name] == value for name, value in columns.items()):
        return True
    return Act.EDITED in {step["act"] for step in await store.steps(connection, row["id"])}


async def edit(
    connection: Connection, keys: Keys, number: int, form: Form, by: str, version: int | None = None
) -> Any:
    """Change what is asked for; whoever approved it before has to again. Its row. Raises
    ClaimRefused, WishRejected.
    """
    row = await locked(connection, number, version)
    demand_state(row, EDITABLE | {State.FAILED})
    filled = await read(connection, keys, row["connection_id"], form)
    changed = {name: value for name, value in filled.columns.items() if row[name] != value}
    if not changed and filled.number is None:
        return row
    await put_in(connection, keys, row, changed, filled.number, by)
    said = ", ".join(sorted(changed)) or "card_number"
    await store.step(connection, number, Act.EDITED, row["state"], by, said)
    return await store.lock(connection, number)


async def put_in(
    connection: Connection,
    keys: Keys,
    row: Any,
    columns: dict[str, Any] | Any,
    number: str | None,
    by: str,
) -> None:
    """What was filled in; a card's number goes into the vault, and another one's out of it."""
    columns = dict(columns)
    if number is not None:
        columns["vault_id"] = await vault.put(connection, keys.ring, number)
    elif columns.get("kind") == Kind.FPS:
        columns["vault_id"] = None
    await store.fill(connection, row, columns, by)
    if "vault_id" in columns and row["vault_id"] is not None:
        await vault.destroy(connection, [row["vault_id"]])


async def submit(connection: Connection, number: int, by: str) -> Any:
    """Have it decided on; what failed, once more. Its row. Raises ClaimRefused."""
    row = await locked(connection, number)
    if State(row["state"]) is State.SUBMITTED:
        return row
    demand_state(row, {State.DRAFT, State.FAILED})
    await demand_unblocked(connection, row["claimant_id"])
    if lacking := missing(row):
        raise ClaimRefused("incomplete", "it is not filled in yet", missing=lacking)
    demand_card(row)
    await store.submit(connection, number, again=State(row["state"]) is State.FAILED)
    await store.step(connection, number, Act.SUBMITTED, State.SUBMITTED, by, None)
    return await store.lock(connection, number)


async def cancel(connection: Connection, number: int, by: str, reason: str = "") -> Any:
    """Take it back before it is paid. Its row. Raises ClaimRefused."""
    row = await locked(connection, number)
    if State(row["state"]) is State.CANCELLED:
        return row
    demand_move(row, State.CANCELLED)
    said = reason_of(reason) or None
    await store.move(connection, number, State.CANCELLED, said, decided=True, ended=True)
    await store.step(connection, number, Act.CANCELLED, State.CANCELLED, by, said)
    await forget_card(connection, row)
    return await store.lock(connection, number)


async def forget_card(connection: Connection, row: Any) -> None:
    """Nobody needs its number any more."""
    if row["vault_id"] is not None:
        await vault.destroy(connection, [row["vault_id"]])


async def locked(connection: Connection, number: int, version: int | None = None) -> Any:
    """A claim, locked; `version`: which somebody has looked at. Raises ClaimRefused."""
    row = await store.lock(connection, number)
    if row is None:
        raise ClaimRefused("unknown", f"there is no claim {number}")
    if version is not None and row["version"] != version:
        raise ClaimRefused("changed", "it was changed meanwhile", version=row["version"])
    return row


def demand_state(row: Any, states: Any) -> None:
    if State(row["state"]) not in states:
        raise ClaimRefused("state", f"claim {row['id']} is {row['state']}", state=row["state"])


def demand_move(row: Any, state: State) -> None:
    if state not in MOVES[State(row["state"])]:
        raise ClaimRefused("state", f"claim {row['id']} is {row['state']}", state=row["state"])


def demand_card(row: Any) -> None:
    """Raises ClaimRefused where the number of its card is gone."""
    if row["kind"] == Kind.CARD and row["vault_id"] is None:
        raise ClaimRefused("card_needed", "the number of the card has to be entered again")


async def demand_unblocked(connection: Connection, claimant_id: int | None) -> None:
    if claimant_id is not None and await claimants.is_blocked(connection, claimant_id):
        raise ClaimRefused("blocked", "this claimant was blocked")


def reason_of(typed: str) -> str:
    """A reason as it is kept: without numbers of cards."""
    return masked(cut(" ".join(typed.split()), LONGEST_REASON))[:LONGEST_REASON]
