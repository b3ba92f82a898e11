"""Deals that a person deleted, orders that a person wants no deal for, deals that were there."""

from typing import Any

import pytest

from parts import Sandbox, go
from shops import NEW_STAGE, TAKEN_STAGE, Shop, open_shop, until_done, whole
from uzel.flows.kaspi_orders import person_store, shop_store, why
from uzel.flows.kaspi_orders.advance import advance


async def said(shop: Shop, code: str) -> dict[str, Any]:
    row = await shop_store.one(shop.hub.pool, shop.id)
    return await why.look(shop.hub.pool, shop.hub.registry, shop.hub.runner.reach, row, code)


async def proved(shop: Shop) -> Any:
    await shop.fetch("proof")
    await shop.work()
    return await shop.hub.pool.fetchval(
        "select found from shop_task where shop_id = $1 and task = 'proof'", shop.id
    )


async def leave_out(shop: Shop, code: str) -> Any:
    async with shop.hub.pool.acquire() as connection:
        return await person_store.leave_out(connection, shop.id, code)


async def take_in(shop: Shop, code: str) -> Any:
    async with shop.hub.pool.acquire() as connection:
        return await person_store.take_in(connection, shop.id, code)


def test_of_a_deal_made_anew_the_old_one_is_told(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            await shop.fetch()
            await until_done(shop)
            shop.change(code, status="ACCEPTED_BY_MERCHANT")
            await shop.fetch("reconcile")
            await until_done(shop)
            gone = shop.deals()[code]["id"]
            shop.at_amocrm("_delete", kind="leads", id=gone)
            await proved(shop)
            await until_done(shop)
            row = (await shop.rows())[code]
            assert (row["gone_lead_id"], row["reason"]) == (gone, None) and row["gone_at"]
            await whole(shop, [code])
            # Where its order is by now, not where new ones begin.
            assert shop.deals()[code]["status_id"] == TAKEN_STAGE
            told = await said(shop, code)
            assert told["text"] == (
                f"it has its deal; deal {gone} was deleted in the CRM and was made anew"
            )

    go(run)


def test_an_order_first_seen_as_accepted_begins_there(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            new, accepted = shop.make(2)
            shop.change(accepted, status="ACCEPTED_BY_MERCHANT")
            await shop.fetch()
            await until_done(shop)
            deals = shop.deals()
            assert deals[new]["status_id"] == NEW_STAGE
            assert deals[accepted]["status_id"] == TAKEN_STAGE

    go(run)


def test_no_deal_is_made_of_an_order_that_is_left_out(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            deleted, early, plain = shop.make(3)
            await shop.fetch()
            await shop.hub.process()
            assert (await leave_out(shop, early))["step"] == "waiting"
            assert await leave_out(shop, early) is None
            await shop.work()
            assert sorted(shop.deals()) == sorted([deleted, plain])
            gone = shop.deals()[deleted]["id"]
            shop.at_amocrm("_delete", kind="leads", id=gone)
            assert (await leave_out(shop, deleted))["lead_id"] == gone
            # Neither the proof nor what changes at Kaspi makes one.
            for code in (deleted, early):
                shop.change(code, status="ACCEPTED_BY_MERCHANT", total="123")
            await shop.fetch("reconcile")
            found = await proved(shop)
            await shop.later()
            assert (found["orders"], found["missing"], found["waiting"]) == (1, [], [])
            assert sorted(shop.deals()) == [plain]
            assert "a person wants no deal" in (await said(shop, early))["text"]
            rows = await shop.rows()
            assert rows[early]["status"] == "ACCEPTED_BY_MERCHANT"
            assert {rows[code]["step"] for code in (deleted, early)} == {"left_out"}
            # And back.
            assert (await take_in(shop, early))["step"] == "finding"
            assert (await take_in(shop, deleted))["step"] == "done"
            assert await take_in(shop, plain) is None
            await until_done(shop)
            await whole(shop, [deleted, early, plain])

    go(run)


def test_who_is_left_out_in_mid_making_keeps_what_was_made(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """And is found, not doubled, when it is taken in again."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            await shop.fetch()
            await shop.hub.process()
            while (await shop.rows())[code]["step"] != "making":
                await shop.hub.call()
                await shop.hub.process()
                await advance(shop.hub.pool, shop.amocrm)
            assert (await leave_out(shop, code))["step"] == "making"
            await shop.work()
            assert (await shop.rows())[code]["step"] == "left_out"
            made = shop.deals()[code]["id"]
            await take_in(shop, code)
            await until_done(shop)
            assert shop.deals()[code]["id"] == made
            await whole(shop, [code])

    go(run)


@pytest.mark.parametrize("price", [None, 777])
def test_a_deal_that_was_there_keeps_its_budget(
    module_dsn: str, sandbox: Sandbox, price: int | None
) -> None:
    """An empty budget and absent goods are filled."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            shop.at_amocrm("_seed", leads=1, first_code=int(code))
            lead = shop.deals()[code]["id"]
            shop.at_amocrm("_move", lead_id=lead, price=price or 0)
            await shop.hub.pool.execute(
                "update shop set switched_on_at = now() + interval '1 hour' where id = $1", shop.id
            )
            await shop.fetch()
            await until_done(shop)
            deal, row = shop.deals()[code], (await shop.rows())[code]
            total = round(float(shop.orders()[code]["total"]) + 1e-6)
            assert deal["id"] == lead and deal["elements"]
            assert deal["price"] == (price or total)
            assert row["difference"]["price"] == {
                "order": total,
                "deal": price or 0,
                "kept": price is not None,
            }
            # What equals its order, or was empty, follows it.
            shop.change(code, total="9000")
            await shop.fetch("reconcile")
            await until_done(shop)
            assert shop.deals()[code]["price"] == (price or 9000)

    go(run)
