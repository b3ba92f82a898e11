"""What was posted wrongly is taken back by an entry of its own; what is over is given back."""

from datetime import UTC, datetime, timedelta

import pytest

from parts import go
from uzel.errors import LedgerError
from uzel.kit import database
from uzel.ledger import chain
from uzel.ledger.accounts import open_account, standing
from uzel.ledger.command import Hold, Leg, Post
from uzel.ledger.expire import expire
from uzel.ledger.post import post
from uzel.ledger.reverse import reverse


def test_an_entry_is_taken_back_once(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="reverse")
        async with pool.acquire() as connection:
            partner = await open_account(connection, "live", "partner", "KZT", floor_minor=0)
            house = await open_account(connection, "live", "house", "KZT")
            async with connection.transaction():
                fill = Post("a", "top_up", (Leg(house, -1050), Leg(partner, 1050)))
                (made,) = await post(connection, [fill])
            assert made.number is not None
            async with connection.transaction():
                told = await reverse(connection, made.number, "anna", "typo", dry_run=True)
            assert told == {
                "entry": None,
                "legs": [
                    {"account": "house", "currency": "KZT", "amount": "10.50"},
                    {"account": "partner", "currency": "KZT", "amount": "-10.50"},
                ],
            }
            assert (await standing(pool, partner)).posted_minor == 1050  # type: ignore[union-attr]
            async with connection.transaction():
                told = await reverse(connection, made.number, "anna", "typo")
            assert (await standing(pool, partner)).posted_minor == 0  # type: ignore[union-attr]
            with pytest.raises(LedgerError, match="taken back before"):
                async with connection.transaction():
                    await reverse(connection, made.number, "anna", "again")
            with pytest.raises(LedgerError, match="has not that much"):
                async with connection.transaction():
                    # To take the correction back, the house would have to be paid again.
                    (more,) = await post(
                        connection, [Post("b", "top_up", (Leg(house, -5), Leg(partner, 5)))]
                    )
                    await post(connection, [Post("c", "fee", (Leg(partner, -5), Leg(house, 5)))])
                    await reverse(connection, more.number or 0, "anna", "too late")
            with pytest.raises(LedgerError, match="no entry"):
                await reverse(connection, 999, "anna", "nothing")
        assert (await chain.verify(pool)).faults == ()
        pool.terminate()

    go(story)


def test_holds_that_are_over_are_given_back(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="expire")
        async with pool.acquire() as connection:
            partner = await open_account(connection, "live", "partner", "KZT", floor_minor=-100)
            now = datetime.now(UTC)
            holds = [
                Hold("over", "payment", partner, 40, now - timedelta(seconds=1)),
                Hold("later", "payment", partner, 30, now + timedelta(hours=1)),
                Hold("never", "payment", partner, 20),
            ]
            async with connection.transaction():
                assert all(verdict.is_done for verdict in await post(connection, holds))
        assert await expire(pool) == 1
        assert await expire(pool) == 0
        left = await standing(pool, partner)
        assert left is not None
        assert left.held_minor == 50
        pool.terminate()

    go(story)
