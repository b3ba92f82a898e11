"""amoCRM's allowance is kept to, and used; its refusals cost time and nothing else."""

import asyncio
from uuid import uuid4

import pytest

from parts import RING, Sandbox, go
from shops import Shop, open_shop, until_done, whole
from uzel.calls.runner import Runner
from uzel.calls.store import take_slot
from uzel.connections import manage
from uzel.flows.kaspi_orders.advance import advance


async def at_rate(shop: Shop, rate_per_s: float | None) -> None:
    """The connection's own rate."""
    row = await shop.hub.pool.fetchrow("select settings from connection where id = $1", shop.amocrm)
    assert row is not None
    values = {**row["settings"], "access_token": shop.tokens["amocrm"]}
    async with shop.hub.pool.acquire() as connection, connection.transaction():
        await manage.change(connection, RING, shop.amocrm, values, rate_per_s=rate_per_s)
    await shop.hub.registry.refresh()


def test_two_processes_together_keep_to_seven_a_second(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            await at_rate(shop, None)
            sandbox.http.post("/amocrm/_settings", json={"limit_per_s": 7}).raise_for_status()
            sandbox.http.delete("/amocrm/_traffic").raise_for_status()
            try:
                shop.make(25, customers=1_000_000, skus=3)
                await shop.fetch()
                await shop.hub.process()
                await advance(shop.hub.pool, shop.amocrm)
                runners = [shop.hub.new_runner(), shop.hub.new_runner()]
                await asyncio.gather(*(runner.pump(shop.amocrm) for runner in runners))
                while running := [task for r in runners for task in r._running()]:
                    await asyncio.wait(running)
                traffic = sandbox.http.get("/amocrm/_traffic").json()
                assert traffic["requests"] >= 20
                assert traffic["most_in_one_second"] <= 7
                assert "429" not in traffic["statuses"]
            finally:
                back = {"limit_per_s": None}
                sandbox.http.post("/amocrm/_settings", json=back).raise_for_status()

    go(run)


def test_a_slot_is_taken_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            next_at = "select next_at from call_limit where connection_id = $1"
            await shop.hub.pool.execute(
                "update call_limit set next_at = now() + interval '1 hour' "
                "where connection_id = $1",
                shop.amocrm,
            )
            before = await shop.hub.pool.fetchval(next_at, shop.amocrm)
            await asyncio.gather(*(take_slot(shop.hub.pool, shop.amocrm, 7.0) for _ in range(14)))
            after = await shop.hub.pool.fetchval(next_at, shop.amocrm)
            assert abs((after - before).total_seconds() - 2.0) < 0.001

    go(run)


@pytest.mark.parametrize("refusal", ["429", "blocked", "500", "reset"])
def test_refusals_cost_no_order(module_dsn: str, sandbox: Sandbox, refusal: str) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(6, customers=4)
            await shop.fetch()
            if refusal == "blocked":
                sandbox.http.post("/amocrm/_settings", json={"blocked": True}).raise_for_status()
            else:
                for operation in ("find_contacts", "create_leads", "link_elements"):
                    sandbox.arm_at("amocrm", operation, refusal, times=2)
            await shop.work(3)
            sandbox.http.delete("/_faults").raise_for_status()
            sandbox.http.post("/amocrm/_settings", json={"blocked": False}).raise_for_status()
            await until_done(shop)
            await whole(shop, codes)

    go(run)


def test_a_stopped_runner_leaves_nothing_behind(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(8, customers=6)
            await shop.fetch()
            await shop.hub.process()
            await advance(shop.hub.pool, shop.amocrm)
            runner: Runner = shop.hub.new_runner(uuid4())
            pumping = asyncio.create_task(runner.pump(shop.amocrm))
            await asyncio.sleep(0.01)
            await runner.stop()
            await asyncio.wait([pumping])
            await shop.work()
            assert sorted(shop.deals()) == sorted(codes)

    go(run)
