"""Accounts are found as they were opened, and stand where they stand."""

import pytest

from parts import go
from uzel.kit import database
from uzel.ledger import accounts
from uzel.ledger.accounts import Account, open_account, standing
from uzel.ledger.command import Hold, Leg, Post, Standing
from uzel.ledger.post import post
from uzel.model.currency import NotAnAmount


def test_an_account_is_opened_once_and_found_as_it_is(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="accounts")
        async with pool.acquire() as connection:
            names = [
                ("live", "partner", "KZT"),
                ("test", "partner", "KZT"),
                ("live", "partner", "USD"),
                ("live", "house", "KZT"),
            ]
            opened = [await open_account(connection, *name) for name in names]
            again = [await open_account(connection, *name, floor_minor=0) for name in names]
            with pytest.raises(NotAnAmount):
                await open_account(connection, "live", "partner", "ABC")
        assert again == opened
        found = await accounts.find(pool, [*opened, 999])
        assert found == {
            number: Account(number, *name) for number, name in zip(opened, names, strict=True)
        }
        pool.terminate()

    go(story)


def test_a_standing_tells_what_is_posted_held_and_allowed(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="accounts")
        async with pool.acquire() as connection:
            partner = await open_account(connection, "live", "partner", "KZT", floor_minor=-70)
            house = await open_account(connection, "live", "house", "KZT")
            async with connection.transaction():
                legs = (Leg(partner, -30), Leg(house, 30))
                await post(connection, [Post("a", "any", legs), Hold("b", "any", partner, 25)])
        assert await standing(pool, partner) == Standing(-30, 25, -70)
        assert await standing(pool, house) == Standing(30, 0, None)
        assert await standing(pool, 999) is None
        pool.terminate()

    go(story)
