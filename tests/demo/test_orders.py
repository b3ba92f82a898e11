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


def test_orders_of_later_are_not_told_before_their_time(sandbox: Sandbox) -> None:
    sandbox.http.delete("/kaspi/_orders").raise_for_status()
    now = time.time()
    made = orders.order(sandbox.url, 4, 600, now + 1200)
    assert [round(at - now) for _, at in made] == [-600, 0, 600, 1200]
    asked = {
        "filter[orders][state]": "NEW",
        "filter[orders][creationDate][$ge]": str(int((now - 3600) * 1000)),
        "filter[orders][creationDate][$le]": str(int((now + 60) * 1000)),
        "page[number]": "0",
        "page[size]": "100",
    }
    headers = {
        "x-auth-token": control.TOKEN,
        "user-agent": "Mozilla/5.0",
        "content-type": "application/vnd.api+json",
    }
    answer = sandbox.http.get("/kaspi/orders", params=asked, headers=headers).raise_for_status()
    told = {it["attributes"]["code"] for it in answer.json()["data"]}
    told |= {
        it["attributes"]["code"]
        for state in ("PICKUP", "DELIVERY", "KASPI_DELIVERY")
        for it in sandbox.http.get(
            "/kaspi/orders", params={**asked, "filter[orders][state]": state}, headers=headers
        ).json()["data"]
    }
    assert told <= {code for code, _ in made[:2]}
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
