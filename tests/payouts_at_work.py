"""A payout in a database of its own connection: what tests of payouts begin with."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from uzel.connections import store as connections
from uzel.kit.database import Pool, open_pool
from uzel.kit.secrets import KeyRing
from uzel.payouts import payout_store as store
from uzel.payouts.begin import Begun, begin
from uzel.payouts.limits import Limits
from uzel.payouts.payout import Card, Payee, State, Wish
from uzel.payouts.steps import move

NUMBERS = itertools.count(1)
CARD_NUMBER = "2200770212727079"
# One for all: the key of fingerprints in a shared database is sealed with it.
MASTER_KEY = b"of tests of payouts, 32 bytes...".ljust(32, b".")


@dataclass(slots=True)
class Paying:
    """A provider's connection that nobody asks anything of."""

    pool: Pool
    ring: KeyRing
    connection_id: int
    limits: Limits = field(default_factory=Limits)

    def wish(self, amount_minor: int = 10_000, **fields: Any) -> Wish:
        """To a phone."""
        person = Payee(b"anna", "Анна", "Иванова", phone="+79990000001")
        asked = Wish(
            self.connection_id, person, amount_minor, "RUB", "Выплата", "anna", b"phone",
            phone="+79990000001", bank_id="100000000111",
        )  # fmt: skip
        return replace(asked, **fields)

    def by_card(self, amount_minor: int = 10_000, **fields: Any) -> Wish:
        card = Card("220077••••••7079", b"card")
        return self.wish(
            amount_minor,
            phone=None,
            bank_id=None,
            card=card,
            number=CARD_NUMBER,
            target=b"card",
            **fields,
        )

    async def begin(self, wish: Wish) -> Begun:
        return await self.begin_with(self.limits, wish)

    async def begin_with(self, limits: Limits, wish: Wish) -> Begun:
        async with self.pool.acquire() as connection, connection.transaction():
            return await begin(connection, self.ring, wish, limits)

    async def move(self, number: int, state: State, **more: Any) -> bool:
        async with self.pool.acquire() as connection, connection.transaction():
            row = await store.lock(connection, number)
            return await move(connection, row, state, made_by="provider", **more)

    async def held(self) -> dict[str, tuple[int, int]]:
        """Account → (posted, held) of everything this connection has to do with."""
        rows = await self.pool.fetch(
            "select a.name, b.posted_minor, b.held_minor from ledger_account a "
            "join ledger_balance b on b.account_id = a.id where a.name like $1",
            f"payouts%:{self.connection_id}%",
        )
        return {row["name"]: (row["posted_minor"], row["held_minor"]) for row in rows}


@contextlib.asynccontextmanager
async def paying(dsn: str, limits: Limits | None = None) -> AsyncIterator[Paying]:
    """A connection of its own in a database that others use too."""
    pool = await open_pool(dsn, size=4, name="test")
    try:
        async with pool.acquire() as connection:
            business = await connections.default_business(connection)
            number = await connections.add(
                connection, business, "smsru", f"payouts {os.getpid()}-{next(NUMBERS)}", None
            )
        yield Paying(pool, KeyRing([MASTER_KEY]), number, limits or Limits())
    finally:
        await asyncio.wait_for(pool.close(), 10)
