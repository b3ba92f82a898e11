"""One that amoCRM will not have holds no other up, and is not asked for for ever."""

from typing import Any

from parts import Sandbox, go
from shops import Shop, open_shop, until_done, whole
from uzel.calls.runner import Runner
from uzel.flows.kaspi_orders.advance import advance


def lines_of(shop: Shop, code: str) -> list[dict[str, Any]]:
    """The positions of an order as its door takes them."""
    lines = shop.orders()[code]["lines"]
    return [{name: it[name] for name in ("sku", "name", "quantity", "price")} for it in lines]


async def made(shop: Shop) -> int:
    """How many calls to amoCRM were planned so far."""
    found: int = await shop.hub.pool.fetchval(
        "select count(*) from call where connection_id = $1", shop.amocrm
    )
    return found


async def rounds(shop: Shop, most: int = 8) -> None:
    """Time passes."""
    for _ in range(most):
        await shop.later()


def test_an_article_that_is_gone_is_searched_for_anew(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (first,) = shop.make(1, lines=1)
            await shop.fetch()
            await shop.work()
            (element,) = shop.deals()[first]["elements"]
            shop.at_amocrm("_delete", kind="catalog_elements", id=element["id"])
            codes = shop.make(4, lines=1, skus=99, seed=7)
            line = {"sku": element["sku"], "name": "Лампа", "quantity": 2, "price": "990"}
            shop.change(codes[1], lines=[line])
            await shop.fetch()
            await shop.work()
            # The others do not wait for it.
            assert all(shop.deals()[code]["elements"] for code in (codes[0], *codes[2:]))
            before = await made(shop)
            await shop.work()
            assert await made(shop) == before
            await rounds(shop, 4)
            rows = await shop.rows()
            assert {rows[code]["step"] for code in codes} == {"done"}
            (again,) = shop.deals()[codes[1]]["elements"]
            assert again["sku"] == element["sku"] and again["id"] != element["id"]
            assert (await shop.calls())["link_elements"] <= 5

    go(run)


def test_a_deal_deleted_before_its_goods_is_made_anew(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(4, customers=3)
            await shop.fetch()
            await shop.hub.process()
            runner: Runner = shop.hub.runner
            while not shop.deals():
                await advance(shop.hub.pool, shop.amocrm)
                for row in await shop.hub.pool.fetch(
                    "select id from call where connection_id = $1 and state = 'planned' "
                    "order by id",
                    shop.amocrm,
                ):
                    await runner.make_one(shop.amocrm, row["id"])
            gone = shop.deals()[codes[2]]["id"]
            shop.at_amocrm("_delete", kind="leads", id=gone)
            await shop.work()
            await rounds(shop, 4)
            rows = await shop.rows()
            assert {row["step"] for row in rows.values()} == {"done"}
            await whole(shop, codes)
            row = rows[codes[2]]
            assert (row["gone_lead_id"], row["reason"]) == (gone, None)
            assert row["lead_id"] == shop.deals()[codes[2]]["id"] != gone

    go(run)


def test_of_a_position_nothing_is_left_of_none_is_linked(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(4, lines=2, skus=50)
            lines = lines_of(shop, codes[0])
            lines.append({"sku": "GONE-1", "name": "Снят", "quantity": 0, "price": "100"})
            shop.change(codes[0], lines=lines)
            await shop.fetch()
            await until_done(shop)
            assert "GONE-1" not in {e["sku"] for e in shop.deals()[codes[0]]["elements"]}
            assert shop.deals()[codes[0]]["elements"]
            assert (await shop.calls())["link_elements"] == 1

    go(run)


def test_goods_that_stay_refused_are_told_and_not_asked_for_again(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """Whatever amoCRM says: the calls are few, and then there are none."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(4, lines=1, skus=50)
            await shop.fetch()
            await shop.hub.process()
            await shop.hub.pool.execute(
                "create or replace function refuse_links() returns trigger as $$ begin "
                "if new.operation = 'link_elements' then new.arguments = jsonb_set(new.arguments, "
                "'{links,0,quantity}', '\"-1\"'); end if; return new; end $$ language plpgsql"
            )
            await shop.hub.pool.execute(
                "create trigger refuse_links before insert on call for each row "
                f"when (new.connection_id = {shop.amocrm}) execute function refuse_links()"
            )
            try:
                await shop.work()
                await rounds(shop, 10)
            finally:
                await shop.hub.pool.execute("drop trigger refuse_links on call")
            rows = await shop.rows()
            told = {code: (row["step"], row["reason"]) for code, row in rows.items()}
            assert {step for step, _ in told.values()} == {"done"}
            assert all(reason.startswith("goods: ") for _, reason in told.values())
            assert (await shop.calls())["link_elements"] <= 4 * len(codes)
            before = await made(shop)
            await rounds(shop, 3)
            assert await made(shop) == before

    go(run)


def test_an_article_that_is_refused_stops_no_comparison(module_dsn: str, sandbox: Sandbox) -> None:
    """An order that comes to hold what the catalog will not take is not compared for ever."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1, lines=1)
            await shop.fetch()
            await shop.work()
            lines = lines_of(shop, code)
            sku = "X-REFUSED"
            settings = shop.hub.pool.fetchval("select settings from shop where id = $1", shop.id)
            catalog = (await settings)["catalog_id"]
            await shop.hub.pool.execute(
                "insert into crm_entity (crm_id, catalog_id, key, state, reason) "
                "values ($1, $2, $3, 'refused', 'too long')",
                shop.amocrm,
                catalog,
                sku,
            )
            lines[0]["quantity"] = 5
            lines.append({"sku": sku, "name": "Нельзя", "quantity": 1, "price": "100"})
            shop.change(code, lines=lines)
            await shop.fetch("reconcile")
            await shop.work()
            await rounds(shop, 3)
            row = (await shop.rows())[code]
            assert (row["checking"], row["reason"]) == (None, f"goods: {sku}: too long")
            assert [e["quantity"] for e in shop.deals()[code]["elements"]] == [5]
            assert (await shop.calls())["read_lead"] == 1

    go(run)


def test_more_goods_than_one_request_takes(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1, lines=1)
            await shop.fetch()
            await shop.hub.process()
            lines = [
                {"line": f"l{n}", "sku": f"MANY-{n}", "name": f"Товар {n}", "quantity": "2",
                 "price": "10", "total": "20", "product": None}
                for n in range(450)
            ]  # fmt: skip
            await shop.hub.pool.execute(
                "update shop_order set lines = ($2::jsonb) -> 'lines' where shop_id = $1",
                shop.id,
                {"lines": lines},
            )
            await until_done(shop)
            assert len(shop.deals()[code]["elements"]) == 450
            assert (await shop.calls())["link_elements"] == 3
            # And when most of them change.
            changed = [{**line, "quantity": "3"} for line in lines[:320]]
            await shop.hub.pool.execute(
                "update shop_order set lines = ($2::jsonb) -> 'lines', checking = 'wanted' "
                "where shop_id = $1",
                shop.id,
                {"lines": changed},
            )
            await until_done(shop)
            assert {(e["sku"], e["quantity"]) for e in shop.deals()[code]["elements"]} == {
                (line["sku"], 3) for line in changed
            }
            assert (await shop.rows())[code]["reason"] is None

    go(run)
