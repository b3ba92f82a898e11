"""Why an order is not there, asked at every point of its way."""

from typing import Any

import pytest

from parts import Sandbox, go, module_dsn, sandbox, sandbox_server
from shops import Shop, open_shop
from uzel.connections import store as connections
from uzel.flows.kaspi_orders import shop_store, why

__all__ = ["module_dsn", "sandbox", "sandbox_server"]


async def told(shop: Shop, code: str) -> dict[str, Any]:
    await shop.hub.registry.refresh()
    row = await shop_store.one(shop.hub.pool, shop.id)
    reach = shop.hub.runner.reach
    return await why.look(shop.hub.pool, shop.hub.registry, reach, row, code)


def test_an_order_on_its_way_and_with_its_deal(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            code = shop.make(1)[0]
            await shop.fetch()
            await shop.hub.process()
            before = await told(shop, code)
            assert (before["verdict"], before["order"]["step"]) == ("known", "waiting")
            assert before["text"] == why.STEPS["waiting"] and before["order"]["deal_url"] is None
            await shop.work()
            after = await told(shop, code)
            lead = shop.deals()[code]["id"]
            assert after["text"] == "it has its deal" and after["detail"] is None
            assert after["order"]["deal_url"] == f"{sandbox.url}/amocrm/leads/detail/{lead}"
            made = [call["operation"] for call in after["calls"]]
            assert {"find_contacts", "create_leads", "link_elements", "add_notes"} <= set(made)
            assert all(call["state"] == "accepted" for call in after["calls"])

    go(run)


def test_the_calls_of_other_orders_are_not_shown(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            first = shop.make(1)[0]
            await shop.fetch()
            await shop.work()
            second = shop.make(1, seed=2)[0]
            await shop.fetch()
            await shop.work()
            calls = [
                {call["id"] for call in (await told(shop, it))["calls"]} for it in (first, second)
            ]
            assert all(calls) and not calls[0] & calls[1]

    go(run)


def test_what_keeps_deals_from_going_on_is_said(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            code = shop.make(1)[0]
            await shop.fetch()
            await shop.hub.process()
            await connections.set_state(shop.hub.pool, shop.amocrm, "paused", "HTTP 401")
            said = await told(shop, code)
            assert said["detail"] == "the connection to the CRM is paused: HTTP 401"
            async with shop.hub.pool.acquire() as connection:
                await shop_store.set_state(connection, shop.id, "paused")
            assert "the shop is paused" in (await told(shop, code))["detail"]

    go(run)


def test_an_order_nobody_has_fetched_is_fetched_by_asking(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            code = shop.make(1)[0]
            assert (await told(shop, code))["verdict"] == "fetched"
            await shop.work()
            assert code in shop.deals()
            assert (await told(shop, code))["verdict"] == "known"

    go(run)


@pytest.mark.parametrize("made", [None, "", "1", 1.5, -1, 0, 10**14, 10**30])
def test_a_document_without_its_time_does_not_end_it(made: Any) -> None:
    document = {"data": {"attributes": {"creationDate": made}}}
    assert why.time_of(document) is None
    assert why.time_of({}) is None
