"""A payout is taken in: its intent, its money and its card number are committed before anybody is
asked for anything.
"""

import secrets
from dataclasses import dataclass

from uzel.calls import vault
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.payouts import books
from uzel.payouts import payout_store as store
from uzel.payouts.day import today
from uzel.payouts.limits import Limits
from uzel.payouts.payout import Kind, Refused, State, Wish

# Letters and digits that nobody mistakes for each other, in a bank's statement or on the phone.
DIGITS = "23456789"
LETTERS = f"{DIGITS}ABCDEFGHJKLMNPQRSTUVWXYZ"
MARK_LETTERS = 11


@dataclass(frozen=True, slots=True)
class Begun:
    """A payout that was taken in. `repeated`: it had been already, by the same wish."""

    id: int
    public_id: str
    state: State
    repeated: bool = False


async def begin(connection: Connection, ring: KeyRing, wish: Wish, limits: Limits) -> Begun:
    """Take a payout in, in a transaction of the caller's that ends without it where this raises.
    Raises Refused; UniqueViolationError where the same number is being taken in at this moment.
    """
    if (known := await again(connection, wish)) is not None:
        return known
    public_id = f"po_{secrets.token_hex(8)}"
    day = await today(connection, wish.connection_id)
    held = await books.reserve(connection, public_id, wish, limits, day)
    payee = wish.payee
    names = (payee.first_name, payee.last_name, payee.patronymic)
    payee_id = await store.payee(
        connection, wish.connection_id, payee.fingerprint, names, payee.phone
    )
    vault_id = wish.vault_id
    if wish.number is not None:
        vault_id = await vault.put(connection, ring, wish.number)
    card = wish.card
    row = (
        public_id, wish.connection_id, new_mark(), wish.external_id, wish.digest(), payee_id,
        wish.amount_minor, wish.currency, wish.kind, wish.purpose, wish.phone,
        wish.bank_id if wish.kind is Kind.FPS else None, wish.bank_name,
        card.shown if card else None, card.fingerprint if card else None, vault_id,
        dict(wish.details), books.written(held), wish.target, wish.made_by,
    )  # fmt: skip
    return Begun(await store.add(connection, row), public_id, State.WAITING)


async def again(connection: Connection, wish: Wish) -> Begun | None:
    """The payout that was taken in under the same number before. Raises Refused where it is
    another one.
    """
    if wish.external_id is None:
        return None
    row = await store.by_external_id(connection, wish.external_id)
    if row is None:
        return None
    if row["digest"] != wish.digest():
        raise Refused(
            "external_id_reused", "another payout has this number", payout=row["public_id"]
        )
    return Begun(row["id"], row["public_id"], State(row["state"]), repeated=True)


def new_mark() -> str:
    """What a payout is found by at the provider; never a word, nor a number alone."""
    rest = "".join(secrets.choice(LETTERS) for _ in range(MARK_LETTERS))
    return f"UZ{secrets.choice(DIGITS)}{rest}"
