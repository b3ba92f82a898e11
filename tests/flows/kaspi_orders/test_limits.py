"""amoCRM's allowance is kept to, and used; its refusals cost time and nothing else."""

import asyncio
from uuid import uuid4

import pytest

from parts import RING, Sandbox, go
from shops import Shop, open_shop, until_done, whole
from uzel.calls.reach import Reach
from uzel.calls.runner import Runner
from uzel.calls.store import LINE_S, take_slot
from uzel.connections import manage
from uzel.connections.grants import Grants
from uzel.flows.kaspi_orders.advance import advance
from uzel.kit.database import open_pool


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
                "update call_limit set next_at = now() + interval '1 second' "
                "where connection_id = $1",
                shop.amocrm,
            )
            before = await shop.hub.pool.fetchval(next_at, shop.amocrm)
            taken = await asyncio.gather(
                *(take_slot(shop.hub.pool, shop.amocrm, 1000.0) for _ in range(14))
            )
            after = await shop.hub.pool.fetchval(next_at, shop.amocrm)
            assert abs((after - before).total_seconds() - 0.014) < 0.001
            assert all(was_taken for was_taken, _ in taken)
            waits = sorted(wait_s for _, wait_s in taken)
            assert waits[-1] - waits[0] > 0.005 and waits[-1] < 1.1


async def keep_reading(shop: Shop, reach: Reach, done: asyncio.Event) -> int:
    """As somebody who opens one page of the assistant after another: how many lists were read."""
    active = shop.hub.active(shop.amocrm)
    operation, read = active.connector.operations["pipelines"], 0
    while not done.is_set():
        await reach.ask(active, operation, {})
        read += 1
    return read


def test_who_reads_all_the_time_and_the_deals_take_turns(module_dsn: str, sandbox: Sandbox) -> None:
    """Eight readers in two processes; the deals are made at a fair share of the allowance."""

    async def run() -> None:
        async with (
            open_shop(module_dsn, sandbox) as shop,
            await open_pool(module_dsn, size=6, name="console") as pool,
        ):
            await at_rate(shop, None)
            sandbox.http.post("/amocrm/_settings", json={"limit_per_s": 7}).raise_for_status()
            sandbox.http.delete("/amocrm/_traffic").raise_for_status()
            console = Reach(pool, Grants(pool, RING, ""))
            done = asyncio.Event()
            readers = [
                asyncio.create_task(keep_reading(shop, reach, done))
                for reach in (console, shop.hub.runner.reach)
                for _ in range(4)
            ]
            try:
                shop.make(30, customers=1_000_000, skus=30, lines=3)
                await shop.fetch()
                await shop.hub.process()
                await advance(shop.hub.pool, shop.amocrm)
                before = await shop.done()
                ends = asyncio.get_running_loop().time() + 6.0
                while asyncio.get_running_loop().time() < ends:  # as the queue wakes it
                    await shop.hub.runner.pump(shop.amocrm)
                    await asyncio.sleep(0.1)
                made = await shop.done() - before
            finally:
                done.set()
                read = sum(await asyncio.gather(*readers))
                await console.aclose()
                traffic = sandbox.http.get("/amocrm/_traffic").json()
                back = {"limit_per_s": None}
                sandbox.http.post("/amocrm/_settings", json=back).raise_for_status()
            # One of nine in line would have 6.8 x 6 / 9 = 4.5 turns.
            assert made >= 3
            assert read >= 15
            assert traffic["most_in_one_second"] <= 7 and "429" not in traffic["statuses"]

    go(run)


def test_a_line_that_is_full_is_not_joined(module_dsn: str, sandbox: Sandbox) -> None:
    """So that a call always finds a place behind it; whoever waits outside is told how long."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            await shop.hub.pool.execute(
                "update call_limit set next_at = now() + interval '1 hour' "
                "where connection_id = $1",
                shop.amocrm,
            )
            taken, wait_s = await take_slot(shop.hub.pool, shop.amocrm, 7.0)
            assert not taken and 3500 < wait_s < 3600 - LINE_S + 1

    go(run)


def test_lists_that_a_person_chooses_from_are_read_once_in_a_while(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            active, reach = shop.hub.active(shop.amocrm), shop.hub.runner.reach
            operations = active.connector.operations
            sandbox.http.delete("/amocrm/_traffic").raise_for_status()

            async def arrived() -> int:
                return int(sandbox.http.get("/amocrm/_traffic").json()["requests"])

            first = await reach.ask_lately(active, operations["lead_fields"], {})
            assert await reach.ask_lately(active, operations["lead_fields"], {}) == first
            assert await arrived() == 1
            # What we make there is seen at once.
            name = {"name": f"Заказ {uuid4().hex}"}
            made = await reach.ask(active, operations["create_lead_field"], name)
            after = await reach.ask_lately(active, operations["lead_fields"], {})
            assert made.data and name["name"] in str(after.data)

    go(run)

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
