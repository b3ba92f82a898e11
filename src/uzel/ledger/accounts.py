"""Accounts: opened once, found by book, name and currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from uzel.kit.database import Connection, Pool
from uzel.ledger import account_store as store
from uzel.ledger.command import Standing
from uzel.model.currency import exponent

LIVE, TEST = "live", "test"


@dataclass(frozen=True, slots=True)
class Account:
    """What never changes about an account; `id` is what legs name."""

    id: int
    book: str
    name: str
    currency: str


async def open_account(
    connection: Connection, book: str, name: str, currency: str, *, floor_minor: int | None = None
) -> int:
    """The number of an account, which is opened if there is none; `floor_minor` (0 or less; None:
    none) is that of a new one. Raises NotAnAmount for what is no currency.
    """
    exponent(currency)
    return await store.open_account(connection, book, name, currency, floor_minor)


async def find(pool: Pool | Connection, numbers: Iterable[int]) -> dict[int, Account]:
    """Accounts by number."""
    rows = await store.accounts(pool, list(numbers))
    return {
        row["id"]: Account(row["id"], row["book"], row["name"], row["currency"]) for row in rows
    }


async def standing(pool: Pool | Connection, account: int) -> Standing | None:
    """Where an account stands now; None: there is none."""
    row = await store.standing(pool, account)
    if row is None:
        return None
    return Standing(row["posted_minor"], row["held_minor"], row["floor_minor"])


async def balance_at(pool: Pool | Connection, account: int, at: datetime) -> int:
    """What was posted up to and including a moment, minor units."""
    return await store.balance_at(pool, account, at)


async def set_floor(connection: Connection, account: int, floor_minor: int | None) -> bool:
    """How far below zero an account may go from now on. False: it is lower already."""
    return await store.set_floor(connection, account, floor_minor)
