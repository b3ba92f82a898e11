"""What a proof found wanting is told as it stands now."""

from parts import Sandbox, go, sandbox, sandbox_server
from shops import Shop, open_shop
from uzel.cli.kaspi_words import said
from uzel.doctor.shops import of_shop
from uzel.views.shops import tasks_of
from uzel.views.shops_proof import as_it_stands
from uzel.views.shops_trouble import shops_in_trouble
from uzel.web.console.language import language
from uzel.web.console.shops_words import proved

__all__ = ["sandbox", "sandbox_server"]


async def told(shop: Shop) -> tuple[str, str, int, list[str]]:
    """By the console's room, the command, the overview (how many are missing), the doctor."""
    pool = shop.hub.pool
    found = (await tasks_of(pool, shop.id))["proof"].found
    missing = sum(trouble.missing for trouble in await shops_in_trouble(pool))
    row = await pool.fetchrow("select * from shop where id = $1", shop.id)
    findings = [finding.what for finding in await of_shop(pool, row)]
    return proved(language("ru"), found), said(found), missing, findings


def test_a_deal_made_anew_is_not_gone_any_more(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(dsn, sandbox) as shop:
            codes = shop.make(2)
            await shop.fetch()
            await shop.work()
            shop.at_amocrm("_delete", kind="leads", id=shop.deals()[codes[0]]["id"])
            await shop.fetch("proof")
            await shop.hub.call()
            assert await told(shop) == (
                "2 заказа, без своей сделки: 1, делаем заново",
                ", 2 orders, 1 whose deal is gone",
                1,
                [f"1 deal is gone from amoCRM: {codes[0]}"],
            )
            await shop.work()
            assert set(shop.deals()) == set(codes)
            assert await told(shop) == (
                "2 заказа, у каждого одна сделка, пропала 1 сделка, сделана заново",
                ", 2 orders, each with exactly one deal, 1 whose deal was gone and is made anew",
                0,
                ["on, and its tasks go well"],
            )

    go(run)


def test_a_deal_that_lost_the_orders_number_is_not_gone(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(dsn, sandbox) as shop:
            (code,) = shop.make(1)
            await shop.fetch()
            await shop.work()
            pool = shop.hub.pool
            found = {"orders": 1, "missing": [code], "doubles": [], "waiting": [], "at": 1}
            assert (await as_it_stands(pool, shop.id, found))["again"] == [code]
            await pool.execute(
                "update shop_order set deal_at = now() - interval '2 hours', compared_at = now()"
            )
            at = await pool.fetchval("select (extract(epoch from now()) * 1000)::bigint - 3600000")
            now = await as_it_stands(pool, shop.id, {**found, "at": at})
            assert (now["missing"], now["unmarked"]) == ([], [code])
            assert proved(language("ru"), now) == "1 заказ, в сделке больше нет номера заказа: 1"

    go(run)
