"""What changes at Kaspi follows in amoCRM; what a person changed there is kept, and shown."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from parts import Sandbox, go
from shops import NEW_STAGE, RANKS, SENT_STAGE, SETTINGS, TAKEN_STAGE, P, open_shop
from uzel.flows.kaspi_orders.compare import may_move
from uzel.flows.kaspi_orders.settings import LOST, WON, ShopSettings, rank_of, split_stage


def test_a_status_moves_the_deal_on(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            await shop.fetch()
            await shop.work()
            for status, stage in (
                ("ACCEPTED_BY_MERCHANT", TAKEN_STAGE),
                ("COMPLETED", WON),
                ("RETURNED", LOST),
            ):
                shop.change(code, status=status)
                await shop.fetch("reconcile")
                await shop.work()
                assert shop.deals()[code]["status_id"] == stage
            rows = await shop.rows()
            assert (rows[code]["checking"], rows[code]["changes"]) == (None, None)

    go(run)


def test_a_deal_that_a_person_moved_further_is_not_pulled_back(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            await shop.fetch()
            await shop.work()
            lead = shop.deals()[code]["id"]
            shop.at_amocrm("_move", lead_id=lead, status_id=SENT_STAGE)
            shop.change(code, status="ACCEPTED_BY_MERCHANT")
            await shop.fetch("reconcile")
            await shop.work()
            assert shop.deals()[code]["status_id"] == SENT_STAGE
            row = (await shop.rows())[code]
            assert row["difference"]["stage"] == {
                "order": f"{P}:{TAKEN_STAGE}",
                "deal": f"{P}:{SENT_STAGE}",
                "kept": True,
            }
            # Forward it follows again.
            shop.change(code, status="COMPLETED")
            await shop.fetch("reconcile")
            await shop.work()
            assert shop.deals()[code]["status_id"] == WON

    go(run)


def test_sum_and_goods_follow_unless_a_person_changed_them(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            first, second = shop.make(2, skus=3, lines=2)
            await shop.fetch()
            await shop.work()
            shop.at_amocrm("_move", lead_id=shop.deals()[second]["id"], price=1)
            for code in (first, second):
                lines = [
                    {name: value for name, value in line.items() if name != "number"}
                    for line in shop.orders()[code]["lines"]
                ]
                lines[0]["quantity"] = 7
                shop.change(code, lines=lines, total="123456.00")
            await shop.fetch("reconcile")
            await shop.work()
            deals, orders = shop.deals(), shop.orders()
            assert (deals[first]["price"], deals[second]["price"]) == (123456, 1)
            for code in (first, second):
                got = {e["sku"]: float(e["quantity"]) for e in deals[code]["elements"]}
                wanted: dict[str, float] = {}
                for line in orders[code]["lines"]:
                    wanted[line["sku"]] = wanted.get(line["sku"], 0) + float(line["quantity"])
                assert got == wanted
            rows = await shop.rows()
            assert rows[second]["difference"]["price"]["kept"] is True
            assert rows[first]["difference"]["price"]["kept"] is False

    go(run)


def test_a_deleted_deal_is_made_anew_by_the_daily_proof(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(3)
            await shop.fetch()
            await shop.work()
            gone = shop.deals()[codes[1]]["id"]
            shop.at_amocrm("_delete", kind="leads", id=gone)
            await shop.fetch("proof")
            await shop.work()
            found = await shop.hub.pool.fetchval(
                "select found from shop_task where shop_id = $1 and task = 'proof'", shop.id
            )
            assert found["missing"] == [codes[1]] and found["doubles"] == []
            deals = shop.deals()
            assert sorted(deals) == sorted(codes) and deals[codes[1]]["id"] != gone
            assert len(deals[codes[1]]["notes"]) == 1
            await shop.fetch("proof")
            await shop.work()
            found = await shop.hub.pool.fetchval(
                "select found from shop_task where shop_id = $1 and task = 'proof'", shop.id
            )
            assert (found["missing"], found["orders"]) == ([], 3)

    go(run)


def test_an_order_that_somebody_else_made_a_deal_of_gets_no_second_one(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            first, second = shop.make(2)
            shop.at_amocrm("_seed", leads=1, first_code=int(first))
            await shop.hub.pool.execute(
                "update shop set switched_on_at = now() + interval '1 hour' where id = $1", shop.id
            )
            before = shop.deals()[first]["id"]
            await shop.fetch()
            await shop.work()
            deals = shop.deals()
            assert deals[first]["id"] == before and second in deals
            assert deals[first]["notes"] == []

    go(run)


stages = st.sampled_from([*RANKS, f"{P}:{WON}", f"{P}:{LOST}", f"{P + 1}:5", f"{P}:9"])


@given(stages, st.none() | stages, stages)
def test_a_person_is_never_overruled(current: str, ours: str | None, wanted: str) -> None:
    settings = ShopSettings.model_validate(SETTINGS)
    if not may_move(settings, current, ours, wanted) or current == ours:
        return
    now, then = rank_of(settings, current), rank_of(settings, wanted)
    assert split_stage(current)[0] == split_stage(wanted)[0]
    assert now is not None and then is not None and then > now
    assert split_stage(current)[1] not in (WON, LOST)


def test_nothing_is_changed_while_the_shop_is_paused(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            await shop.hub.pool.execute("update shop set state = 'paused' where id = $1", shop.id)
            codes = shop.make(2)
            await shop.fetch()
            await shop.work()
            assert shop.deals() == {} and len(await shop.rows()) == 2
            await shop.hub.pool.execute("update shop set state = 'on' where id = $1", shop.id)
            await shop.work()
            assert sorted(shop.deals()) == sorted(codes)
            assert {d["status_id"] for d in shop.deals().values()} == {NEW_STAGE}

    go(run)


def test_an_order_over_before_its_deal_begins_where_it_ends(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            shop.change(code, status="CANCELLED")
            found: Any = await shop.fetch("reconcile")
            assert found["orders"] == 1
            await shop.work()
            assert shop.deals()[code]["status_id"] == LOST

    go(run)


def test_another_composition_is_told_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            first, second = shop.make(2, skus=9, lines=2)
            await shop.fetch()
            await shop.work()
            for quantity in (7, 8):
                line = {"sku": "N-1", "name": "Чайник новый", "quantity": quantity, "price": "10"}
                shop.change(first, lines=[line])
                shop.change(second, status="ACCEPTED_BY_MERCHANT", total=str(quantity))
                for _ in range(2):
                    await shop.fetch("reconcile")
                    await shop.work()
            notes = [str(note) for note in shop.deals()[first]["notes"]]
            told = [note for note in notes if "Состав изменился" in note]
            assert len(notes) == 3 and len(told) == 2
            assert "Чайник новый (N-1) — 7" in told[0] and "(N-1) — 8" in told[1]
            assert len(shop.deals()[second]["notes"]) == 1

    go(run)
