"""The demo's Kaspi shop: what it is set to, what happens there, and a second start."""

import asyncio
import time
from typing import Any

from parts import RING, Sandbox, sandbox, sandbox_server
from uzel.connections import store as connections
from uzel.connectors.amocrm.miniature import beginnings
from uzel.connectors.kaspi import control
from uzel.demo import business, orders
from uzel.flows.kaspi_orders import shop_store, task_store
from uzel.flows.kaspi_orders.fetch import OVERLAP
from uzel.flows.kaspi_orders.settings import ShopSettings, rank_of
from uzel.kit import database

__all__ = ["sandbox", "sandbox_server"]


def test_its_pipeline_and_catalog_are_those_of_the_sandbox() -> None:
    settings = ShopSettings.model_validate(orders.SETTINGS)
    pipelines = {it["id"]: it for it in beginnings.pipelines()}
    stages = {it["id"]: it for it in pipelines[settings.pipeline_id]["statuses"]}
    assert settings.status_id in stages
    for stage, rank in settings.ranks.items():
        assert stages[int(stage.partition(":")[2])]["sort"] == rank
    assert all(rank_of(settings, stage) for stage in settings.stages.values())
    assert settings.catalog_id in {it["id"] for it in beginnings.catalogs()}


def test_the_token_is_the_one_of_the_sandbox() -> None:
    assert business.KASPI_TOKEN == control.TOKEN


def test_each_order_is_taken_before_it_is_over() -> None:
    due = orders.steps([("1", 100.0), ("2", 50.0)])
    assert [at for at, _, _ in due] == sorted(at for at, _, _ in due)
    for code in ("1", "2"):
        first, second = [status for _, it, status in due if it == code]
        assert first == orders.TAKEN and second in (orders.HANDED_OVER, orders.CANCELLED)


def test_a_first_fetch_finds_all_that_was_made_before_the_start() -> None:
    assert OVERLAP.total_seconds() > orders.EARLIER * orders.EARLIER_APART_S + 60


def test_no_order_is_made_before_its_time(sandbox: Sandbox) -> None:
    """Also while a new one is made, and when the first one is taken."""
    sandbox.http.delete("/kaspi/_orders").raise_for_status()
    made = orders.order(sandbox.url, 3, 120, time.time() - 60)
    due = orders.steps(made)
    next_at = orders.go_on(sandbox.url, due, time.time() - 1)
    assert 0 < next_at - time.time() <= orders.APART_S
    found = sandbox.http.get("/kaspi/_orders").raise_for_status().json()["orders"]
    assert len(found) == 4
    assert max(order["created_ms"] for order in found) <= time.time() * 1000
    taken = [order["code"] for order in found if order["status"] == orders.TAKEN]
    assert taken == [code for code, at in made if at + orders.TAKEN_AFTER_S <= time.time()]
    assert orders.go_on(sandbox.url, due, next_at) == next_at
    sandbox.http.delete("/kaspi/_orders").raise_for_status()


async def start(dsn: str, between: str | None = None) -> tuple[Any, int, list[Any]]:
    """A start of the demo: its shop, how many orders it has, its tasks."""
    connection = await database.connect(dsn, name="test")
    try:
        async with connection.transaction():
            await connections.default_business(connection)
            await business.fill(connection, RING, "http://127.0.0.1:9")
            await orders.ensure_shop(connection, business.NAME)
        if between is not None:
            await connection.execute(between)
        (shop,) = await shop_store.every(connection)
        count = await connection.fetchval("select count(*) from shop_order")
        return shop, count, await task_store.of_shop(connection, shop["id"])
    finally:
        await connection.close()


ORDER = (
    "insert into shop_order (shop_id, code, event_id, source_order, status, currency, told_at, "
    "step) select id, '1', 1, 'MQ', 'COMPLETED', 'KZT', now(), 'done' from shop; "
    "update shop set state = 'paused', settings = settings || '{\"note\": false}'; "
    "update shop_task set watermark = now()"
)


def test_a_second_start_forgets_orders_and_keeps_settings(dsn: str) -> None:
    shop, count, _ = asyncio.run(start(dsn, ORDER))
    assert (shop["state"], count) == ("paused", 1)
    shop, count, tasks = asyncio.run(start(dsn))
    assert (shop["state"], shop["settings"]["note"], count) == ("paused", False, 0)
    assert [task["watermark"] for task in tasks] == [None, None, None]
