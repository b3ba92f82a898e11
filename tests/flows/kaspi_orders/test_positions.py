"""Positions that Kaspi does not tell, entries that are no orders: none costs another order."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from loopback import Got, LoopbackServer, Said
from parts import Sandbox, go
from shops import Shop, open_shop, until_done
from uzel.flows.kaspi_orders import why
from uzel.flows.kaspi_orders.advance import UNREADABLE

# What a test makes of an answer: (path, its JSON) → the JSON.
Spoil = Callable[[str, Any], Any]


@contextmanager
def spoiling(sandbox: Sandbox, spoil: Spoil) -> Iterator[str]:
    """An address at which Kaspi answers otherwise."""
    with httpx2.Client(base_url=sandbox.url) as http:

        def answer(got: Got) -> Said:
            headers = {name: value for name, value in got.headers.items() if name != "host"}
            said = http.request(got.method, got.target, headers=headers, content=got.body)
            content = spoil(got.target.partition("?")[0], said.json())
            kind = {"content-type": "application/vnd.api+json"}
            return said.status_code, kind, json.dumps(content).encode()

        with LoopbackServer(answer) as server:
            yield f"{server.url}/kaspi"


async def through(shop: Shop, url: str) -> None:
    """Kaspi is asked there."""
    await shop.hub.pool.execute(
        "update connection set settings = settings || jsonb_build_object('base_url', $2::text) "
        "where id = $1",
        shop.kaspi,
        url,
    )
    await shop.hub.registry.refresh()


async def raw_events(shop: Shop) -> int:
    found: int = await shop.hub.pool.fetchval(
        "select count(*) from raw_event where connection_id = $1", shop.kaspi
    )
    return found


def test_an_unreadable_entry_of_a_page_costs_no_other(module_dsn: str, sandbox: Sandbox) -> None:
    def spoil(path: str, content: Any) -> Any:
        if path.endswith("/orders"):
            odd = {"type": "orders", "id": "WFhY", "attributes": None}
            content["data"] = [None, odd, *content["data"], {}, 7]
        return content

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            with spoiling(sandbox, spoil) as url:
                await through(shop, url)
                codes = shop.make(3)
                found: Any = await shop.fetch()
                assert sorted(found["new"]) == sorted(codes)
                await shop.work()
                assert sorted(shop.deals()) == sorted(codes)
                before = await raw_events(shop)
                for _ in range(3):
                    await shop.fetch()
                assert await raw_events(shop) == before == 3 + 4

    go(run)


def test_a_document_of_nothing_has_no_time() -> None:
    odd: list[Any] = [
        None,
        [],
        {},
        {"data": None},
        {"data": [None]},
        {"data": {"attributes": None}},
    ]
    for document in odd:
        assert why.time_of(document) is None


def nothing(path: str, content: Any) -> Any:
    if path.endswith("/entries"):
        return {**content, "data": [], "meta": {"pageCount": 1, "totalCount": 0}}
    return bare(content)


def negative(path: str, content: Any) -> Any:
    if path.endswith("/entries"):
        content["data"][0]["attributes"]["quantity"] = -2
        return content
    return bare(content)


def bare(content: Any) -> Any:
    """Without what a list tells of positions."""
    if isinstance(content.get("data"), list):
        content["included"] = []
    return content


async def never_told(module_dsn: str, sandbox: Sandbox, spoil: Spoil) -> None:
    async with open_shop(module_dsn, sandbox) as shop:
        with spoiling(sandbox, spoil) as url:
            await through(shop, url)
            (code,) = shop.make(1)
            await shop.fetch()
            await shop.work()
            asked = "select count(*) from call where operation = 'entries' and connection_id = $1"
            assert await shop.hub.pool.fetchval(asked, shop.kaspi) == 1
            for _ in range(10):
                await shop.later()
            assert await shop.hub.pool.fetchval(asked, shop.kaspi) == 4
            # The order as it was told, and once with what was asked for.
            assert await raw_events(shop) == 2
            row = (await shop.rows())[code]
            assert (row["step"], row["reason"]) == ("done", f"lines: {UNREADABLE}")
            assert shop.deals()[code]["elements"] == []
        # Once Kaspi tells them they come into the deal.
        await through(shop, f"{sandbox.url}/kaspi")
        shop.change(code, total="77000")
        await shop.fetch("reconcile")
        await until_done(shop)
        assert shop.deals()[code]["elements"] and (await shop.rows())[code]["reason"] is None


def test_no_positions_are_asked_for_a_few_times(module_dsn: str, sandbox: Sandbox) -> None:
    go(lambda: never_told(module_dsn, sandbox, nothing))


def test_unreadable_positions_are_asked_for_a_few_times(module_dsn: str, sandbox: Sandbox) -> None:
    go(lambda: never_told(module_dsn, sandbox, negative))


def test_goods_stay_in_a_deal_while_nobody_tells_the_new_ones(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            await shop.fetch()
            await until_done(shop)
            before = shop.deals()[code]["elements"]
            with spoiling(sandbox, nothing) as url:
                await through(shop, url)
                shop.change(code, total="5")
                await shop.fetch("reconcile")
                for _ in range(8):
                    await shop.later()
            deal, row = shop.deals()[code], (await shop.rows())[code]
            assert (deal["price"], deal["elements"]) == (5, before)
            assert (row["checking"], row["reason"]) == (None, f"lines: {UNREADABLE}")

    go(run)


def test_a_sum_that_changes_while_a_deal_is_looked_for_loses_no_order(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """Its positions are asked for anew then; it does not wait for them without a word."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(2)
            await shop.fetch()
            await shop.hub.process()
            with spoiling(sandbox, lambda path, content: bare(content)) as url:
                await through(shop, url)
                for step, code in zip(("finding", "making"), codes, strict=True):
                    await shop.hub.pool.execute(
                        "update shop_order set step = $2, batch = nextval('shop_batch'), "
                        "tried = true where shop_id = $1 and code = $3",
                        shop.id,
                        step,
                        code,
                    )
                for total in ("4000", "5000"):
                    for code in codes:
                        shop.change(code, total=total)
                    await shop.fetch("reconcile")
                    await shop.hub.process()
                rows = await shop.rows()
                assert all(row["batch"] and row["lines"] is None for row in rows.values())
                # Neither search nor making came to anything.
                await shop.hub.pool.execute(
                    "update shop_order set step = 'finding', batch = null where shop_id = $1",
                    shop.id,
                )
                await until_done(shop)
                assert all(deal["elements"] for deal in shop.deals().values())
                assert sorted(shop.deals()) == sorted(codes)

    go(run)


def test_who_waits_without_positions_is_found_by_the_next_reconciliation(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(2)
            await shop.fetch()
            await shop.hub.process()
            await shop.hub.pool.execute(
                "update shop_order set step = 'waiting', lines = null where shop_id = $1", shop.id
            )
            await shop.work()
            assert shop.deals() == {}
            await shop.fetch("reconcile")
            await until_done(shop)
            assert sorted(shop.deals()) == sorted(codes)

    go(run)
