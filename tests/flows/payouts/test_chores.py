"""What a provider of payouts is asked for by itself."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from parts import Sandbox, go
from payouts_provider import Provider, provider
from uzel.errors import Unavailable
from uzel.flows.payouts import chore_store
from uzel.flows.payouts.chores import BALANCE, next_night
from uzel.payouts.bank_list import directory


def asked(it: Provider, operation: str) -> int:
    """How often the provider was."""
    params = {"connector": "konsol", "operation": operation}
    return len(it.sandbox.http.get("/_journal", params=params).json())


async def due(it: Provider) -> None:
    statement = "update payout_chore set next_at = now() where connection_id = $1"
    await it.hub.pool.execute(statement, it.id)


def test_banks_and_balances_are_taken_once_each(shared_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            before = asked(it, "fps_banks"), asked(it, "balance")
            assert [active.id for active in it.chores.providers()] == [it.id]
            chores = (it.chores.take_banks, it.chores.take_balances, it.chores.reconcile)
            await asyncio.gather(*(do() for do in chores for _ in range(4)))
            assert (asked(it, "fps_banks"), asked(it, "balance")) == (before[0] + 1, before[1] + 1)
            async with it.hub.pool.acquire() as connection:
                known = await directory(connection, it.id)
                rows = await chore_store.every(connection, it.id)
            assert len(known) == 5 and known.resolve("сбер").member_id == "100000000111"
            assert [row["succeeded_at"] is not None for row in rows] == [True] * 3

    go(story)


def test_what_cannot_be_taken_leaves_what_was(shared_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            await it.chores.take_banks()
            await it.chores.reconcile()
            await due(it)
            it.fail("fps_banks")
            it.fail("payments", "garbage")
            await it.chores.take_banks()
            await it.chores.reconcile()
            rows = {row["chore"]: row for row in await chore_store.every(it.hub.pool, it.id)}
            assert rows["banks"]["problem"] and rows["reconcile"]["problem"]
            assert rows["banks"]["next_at"] > datetime.now(UTC)
            async with it.hub.pool.acquire() as connection:
                assert len(await directory(connection, it.id)) == 5
            it.fail("balance")
            with pytest.raises(Unavailable):
                await it.chores.balance_now(it.active)

    go(story)


def test_many_hints_make_one_look_at_the_balance(shared_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            await it.chores.take_balances()
            async with it.hub.pool.acquire() as connection:
                await chore_store.hurry(connection, [it.id], BALANCE, 30)
                first = await chore_store.every(connection, it.id)
                await chore_store.hurry(connection, [it.id], BALANCE, 30)
                assert await chore_store.every(connection, it.id) == first
            assert (first[0]["next_at"] - datetime.now(UTC)).total_seconds() < 31

    go(story)


@pytest.mark.parametrize(
    ("now", "then"),
    [("2026-11-20T00:00+00:00", "2026-11-20T01:20+00:00"),
     ("2026-11-20T01:20+00:00", "2026-11-21T01:20+00:00"),
     ("2026-11-20T22:00+00:00", "2026-11-21T01:20+00:00")],
)  # fmt: skip
def test_books_are_compared_at_night(now: str, then: str) -> None:
    found = next_night(datetime.fromisoformat(now), ZoneInfo("Europe/Moscow"))
    assert found == datetime.fromisoformat(then)
