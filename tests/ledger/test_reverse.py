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
from uzel.model.currency import MOST_MINOR


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


def test_a_correction_says_who_made_it_and_why(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="reverse")
        async with pool.acquire() as connection, connection.transaction():
            partner = await open_account(connection, "live", "partner", "KZT")
            house = await open_account(connection, "live", "house", "KZT")
            legs = (Leg(house, -5), Leg(partner, 5))
            (made,) = await post(connection, [Post("a", "top_up", legs, "boris")])
            told = await reverse(connection, made.number or 0, "anna", "typo")
            assert told == {
                "entry": told["entry"],
                "legs": [
                    {"account": "house", "currency": "KZT", "amount": "0.05"},
                    {"account": "partner", "currency": "KZT", "amount": "-0.05"},
                ],
            }
            row = await connection.fetchrow(
                "select kind, made_by, reason, reverses_id from ledger_entry where id = $1",
                told["entry"],
            )
            assert row and tuple(row) == ("reversal", "anna", "typo", made.number)
        pool.terminate()

    go(story)


def test_a_correction_that_cannot_be_written_down_names_the_cause(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="reverse")
        async with pool.acquire() as connection:
            partner, house, other = [
                await open_account(connection, "live", name, "KZT")
                for name in ("partner", "house", "other")
            ]
            async with connection.transaction():
                wrong = Post("a", "top_up", (Leg(house, -5), Leg(partner, 5)))
                full = [
                    Post("b", "fee", (Leg(other, -MOST_MINOR), Leg(house, MOST_MINOR))),
                    Post("c", "fee", (Leg(partner, -3), Leg(house, 3))),
                ]
                made, *rest = await post(connection, [wrong, *full])
            assert all(verdict.is_done for verdict in rest)
            with pytest.raises(LedgerError, match=f"entry {made.number}: out_of_range"):
                async with connection.transaction():
                    await reverse(connection, made.number or 0, "anna", "typo")
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
