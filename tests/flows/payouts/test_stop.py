"""The switch, judged by the provider's journal: when it is on, nothing comes any more."""

import asyncio
from datetime import UTC, datetime, timedelta

from parts import Sandbox, go, module_dsn, sandbox, sandbox_server, until
from payouts_hub import Payouts, payouts
from uzel.calls import store as calls_store
from uzel.payouts import holding
from uzel.payouts import payout_store as store

__all__ = ["module_dsn", "sandbox", "sandbox_server"]

WITHIN = timedelta(seconds=1)


async def stop(it: Payouts) -> datetime:
    """When the switch was on for certain."""
    async with it.pool.acquire() as connection, connection.transaction():
        assert await store.stop(connection, "cards in a letter", "anna")
    return datetime.now(UTC)


async def go_on(it: Payouts) -> None:
    async with it.pool.acquire() as connection, connection.transaction():
        assert await holding.go_on(connection, "anna")


def test_a_burst_is_cut_off(module_dsn: str, sandbox: Sandbox, long_run: bool) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox, rate_per_s=25) as it:
            for _ in range(200 if long_run else 60):
                await it.pay()
            workers = [it.hub.runner, it.hub.new_runner()]
            pumping = [asyncio.create_task(one.pump(it.connection_id)) for one in workers]

            async def some() -> bool:
                return len(it.asked()) >= 10

            await until(some)
            at = await stop(it)
            # Each has to look at all that is left, and at this pace.
            await asyncio.sleep(1.6)
            late = [arrived for arrived in it.asked() if arrived > at + WITHIN]
            assert late == []
            known = len(it.asked())
            assert 10 <= known < 50
            await go_on(it)

            async def more() -> bool:
                return len(it.asked()) > known + 5

            await until(more)
            for one in (*workers,):
                one.halt()
            await asyncio.gather(*pumping)

    go(story)


def test_what_stands_in_line_for_its_slot_is_cut_off(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox, rate_per_s=2) as it:
            begun = await it.pay()
            # Somebody else's requests are before it, for more than a second.
            while (await calls_store.take_slot(it.pool, it.connection_id, 2))[0]:
                pass
            pumping = asyncio.create_task(it.hub.runner.pump(it.connection_id))
            effect = f"payout:send:{begun.id}:1"

            async def taken_over() -> bool:
                # The guard has let it go by then.
                return bool(it.hub.runner._under_way.get(it.connection_id))

            await until(taken_over)
            await stop(it)
            await until(lambda: held(it, effect))
            assert it.asked() == []
            assert (await it.states()) == {"waiting": 1}
            await go_on(it)
            await it.reach(begun, "paid")
            assert len(it.made()) == 1
            await pumping

    go(story)


async def held(it: Payouts, effect: str) -> bool:
    row = await it.pool.fetchrow("select state, detail from call where effect = $1", effect)
    assert row is not None
    return bool((row["state"], row["detail"]) == ("planned", holding.STOPPED))
