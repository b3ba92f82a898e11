"""Versions of an order are ordered by a stamp that no clock turns round."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from parts import Sandbox, go
from shops import TAKEN_STAGE, Shop, open_shop, until_done
from uzel.flows.kaspi_orders import raw, shop_store
from uzel.flows.kaspi_orders.fetch import Fetcher


async def decisions(shop: Shop) -> list[tuple[str, str]]:
    return [(event["decision"], event["reason"]) for event in await shop.hub.events()]


async def said(shop: Shop, code: str) -> tuple[dict[str, Any], Fetcher]:
    """What Kaspi says of an order now, and who fetches."""
    source = shop.hub.active(shop.kaspi)
    row = await shop_store.one(shop.hub.pool, shop.id)
    reach = shop.hub.runner.reach
    answer = await reach.ask(source, source.connector.operations["order"], {"code": code})
    return answer.data["order"], Fetcher(shop.hub.pool, reach, row, source)


def test_a_clock_that_goes_back_loses_no_change(module_dsn: str, sandbox: Sandbox) -> None:
    """Told an hour ahead once, an order follows what is told from then on."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            # Where the clock was when the last request was sent.
            await shop.hub.pool.execute(
                "update shop set told_at = now() + interval '1 hour' where id = $1", shop.id
            )
            (code,) = shop.make(1)
            await shop.fetch()
            await until_done(shop)
            for status in ("ACCEPTED_BY_MERCHANT", "CANCELLING", "ACCEPTED_BY_MERCHANT"):
                shop.change(code, status=status)
                await shop.fetch("reconcile")
                await shop.hub.process()
                assert (await shop.rows())[code]["status"] == status
            await until_done(shop)
            assert shop.deals()[code]["status_id"] == TAKEN_STAGE

    go(run)


def test_stamps_only_grow(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            stamps = [await shop_store.stamp(shop.hub.pool, shop.id) for _ in range(5)]
            assert all(b - a >= timedelta(milliseconds=20) for a, b in pairwise(stamps))

    go(run)


def test_an_older_version_that_comes_late_is_said_to_be_and_heals(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """Two read at the same time; who was asked first is stored last."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            stamp = await shop_store.stamp(shop.hub.pool, shop.id)
            older, fetcher = await said(shop, code)
            shop.change(code, status="ACCEPTED_BY_MERCHANT")
            await shop.fetch()
            await until_done(shop)
            await fetcher._store([older], stamp)
            await shop.hub.process()
            assert (await decisions(shop))[-1] == ("skip", "order_outdated")
            assert (await shop.rows())[code]["status"] == "ACCEPTED_BY_MERCHANT"
            # Were the older one what Kaspi says now, the next look would bring it.
            shop.change(code, status="APPROVED_BY_BANK")
            await shop.fetch("reconcile")
            await shop.hub.process()
            assert (await shop.rows())[code]["status"] == "APPROVED_BY_BANK"

    go(run)


def test_positions_that_were_asked_for_do_not_bring_an_older_status_back(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        sandbox.http.post("/kaspi/_settings", json={"included": "none"}).raise_for_status()
        try:
            async with open_shop(module_dsn, sandbox) as shop:
                (code,) = shop.make(1)
                await shop.fetch()
                await shop.hub.process()
                row = (await shop.rows())[code]
                assert row["step"] == "lines"
                # Cancelled while its positions are on their way, read before they are.
                shop.change(code, status="CANCELLED")
                await shop.fetch("reconcile")
                document, _ = await said(shop, code)
                old = {**document["data"]["attributes"], "status": "APPROVED_BY_BANK"}
                body = raw.body_of(
                    {"data": {**document["data"], "attributes": old}, "entries": []},
                    row["told_at"] + timedelta(milliseconds=1),
                )
                await shop.hub.process()
                async with shop.hub.pool.acquire() as connection, connection.transaction():
                    await raw.store(connection, shop.kaspi, [body])
                await until_done(shop)
                assert (await shop.rows())[code]["status"] == "CANCELLED"
        finally:
            sandbox.http.post("/kaspi/_settings", json={"included": "all"}).raise_for_status()

    go(run)
