"""Payouts that hold themselves back: one leaves by way of trial, whoever asks at the same time."""

import asyncio
import json

from parts import Sandbox, go, module_dsn, sandbox, sandbox_server, until
from payouts_hub import Payouts, payouts
from uzel.payouts import hold_store, holding

__all__ = ["module_dsn", "sandbox", "sandbox_server"]


async def trip(it: Payouts) -> None:
    """Five answers are lost."""
    it.arm("reset", times=5)
    for _ in range(5):
        await it.pay()
    await it.work()
    await it.hurry()
    assert await it.states() == {"unknown": 5}


async def let_a_trial_leave(it: Payouts) -> None:
    await it.pool.execute("update payout_trip set probe_at = now() where ended_at is null")
    await it.hurry()


def test_lost_answers_hold_the_rest_back_but_for_one(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            await trip(it)
            (held,) = await hold_store.trips(it.pool)
            assert (held["connection_id"], held["reason"]) == (it.connection_id, "unknown")
            for _ in range(6):
                await it.pay()
            await it.work()
            assert (await it.states())["waiting"] == 6 and len(it.asked()) == 5
            details = await it.pool.fetch("select distinct detail from call where state='planned'")
            assert [row["detail"] for row in details] == [holding.TRIPPED]
            # Its answer takes two seconds: others who look meanwhile find it under way.
            await let_a_trial_leave(it)
            it.arm("slow", times=1)
            others = [it.hub.new_runner() for _ in range(3)]
            for _ in range(3):
                await asyncio.gather(*(one.pump(it.connection_id) for one in others))
                await it.pool.execute("update call set due_at = now() where state = 'planned'")
            assert len(it.asked()) <= 6
            await until(lambda: said(it, "let_go"))
            assert len(it.asked()) <= 7
            # They were made due by it, at once.
            await it.work()
            assert (await it.states())["unknown"] == 5 and len(it.made()) == 11
            assert await hold_store.trips(it.pool) == []
            about = await said(it, "hold")
            assert json.loads(json.dumps(about))["reason"] == "unknown"

    go(story)


async def said(it: Payouts, action: str) -> object:
    """The audit's word."""
    return await it.pool.fetchval(
        "select detail from audit where action = $1 and subject = $2",
        action,
        f"payouts:{it.connection_id}",
    )


def test_refusals_of_many_people_hold_the_rest_back(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            poor = {"token": it.token, "balance_minor": 0}
            sandbox.http.post("/konsol/_balance", json=poor).raise_for_status()
            for _ in range(8):
                await it.pay()
            while (await it.states()).get("failed", 0) < 5:
                await it.work()
            # What was under way as the fifth ended could not be held any more.
            await it.pay()
            await it.work()
            assert (await it.states())["waiting"] >= 1
            await let_a_trial_leave(it)
            before = len(it.asked())
            await it.work()
            (held,) = await hold_store.trips(it.pool)
            assert (held["reason"], held["probes"]) == ("refused", 1)
            assert len(it.asked()) == before + 1
            await it.pay()
            async with it.pool.acquire() as connection, connection.transaction():
                assert await holding.go_on(connection, "anna")
            rich = {**poor, "balance_minor": 10_000_000}
            sandbox.http.post("/konsol/_balance", json=rich).raise_for_status()
            await it.work()
            assert await hold_store.trips(it.pool) == [] and "waiting" not in await it.states()

    go(story)


def test_a_trial_that_is_taken_back_does_not_block_the_next(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            await trip(it)
            first = await it.pay()
            await let_a_trial_leave(it)
            effect = f"payout:send:{first.id}:1"
            async with it.pool.acquire() as connection:
                held = await connection.fetchval(
                    "select id from payout_trip where ended_at is null"
                )
                assert await hold_store.grant(connection, held, effect)
                assert not await hold_store.grant(connection, held, "payout:send:0:1")
                await connection.execute(
                    "update call set state = 'cancelled' where effect = $1", effect
                )
                assert await hold_store.grant(connection, held, "payout:send:0:1")

    go(story)
