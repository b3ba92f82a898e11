"""Nothing is lost while either side is down; no order is fetched for the last time too early."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parts import Sandbox, go
from shops import open_shop
from uzel.connections.store import set_state
from uzel.errors import CallFailed, ConfigError
from uzel.flows.kaspi_orders.fetch import LONGEST_WINDOW, windows

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SHAPES = [
    {},
    {"included": "incomplete"},
    {"included": "none"},
    {"offers": False},
    {"offers": False, "included": "none"},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_whatever_kaspi_tells_of_positions_the_deal_is_whole(
    module_dsn: str, sandbox: Sandbox, shape: dict[str, object]
) -> None:
    async def run() -> None:
        sandbox.http.post("/kaspi/_settings", json=shape).raise_for_status()
        try:
            async with open_shop(module_dsn, sandbox) as shop:
                codes = shop.make(4, lines=3, skus=5)
                await shop.fetch()
                await shop.work()
                deals, orders = shop.deals(), shop.orders()
                for code in codes:
                    got = {e["sku"]: float(e["quantity"]) for e in deals[code]["elements"]}
                    wanted: dict[str, float] = {}
                    for line in orders[code]["lines"]:
                        wanted[line["sku"]] = wanted.get(line["sku"], 0) + float(line["quantity"])
                    assert got == wanted
        finally:
            usual = {"included": "all", "offers": True}
            sandbox.http.post("/kaspi/_settings", json=usual).raise_for_status()

    go(run)


def test_kaspi_that_was_down_for_hours_loses_nothing(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            before = shop.make(2)
            await shop.fetch()
            sandbox.arm_at("kaspi", "orders", "500", rate=1)
            until = int(datetime.now(UTC).timestamp() * 1000)
            during = shop.make(300, until_ms=until, apart_ms=48_000, seed=2)
            for _ in range(3):
                with pytest.raises(CallFailed):
                    await shop.fetch()
            row = await shop.hub.pool.fetchrow(
                "select problem, failed_at from shop_task where shop_id = $1 and task = 'fetch'",
                shop.id,
            )
            assert row is not None and row["problem"] and row["failed_at"]
            # As if the last good time was four hours ago.
            await shop.hub.pool.execute(
                "update shop_task set watermark = now() - interval '4 hours' where shop_id = $1",
                shop.id,
            )
            sandbox.http.delete("/_faults").raise_for_status()
            await shop.fetch()
            await shop.work()
            assert sorted(shop.deals()) == sorted(before + during)

    go(run)


def test_an_order_that_cannot_become_a_deal_holds_no_other_up_and_is_not_lost(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """One is refused while newer ones go through; it waits for a person with its reason."""

    async def run() -> None:
        settings = {"responsible_user_id": 999_999_999}
        async with open_shop(module_dsn, sandbox) as shop:
            first = shop.make(2)
            await shop.hub.pool.execute(
                "update shop set settings = settings || $2 where id = $1", shop.id, settings
            )
            await shop.fetch()
            for _ in range(6):
                await shop.work()
            rows = await shop.rows()
            stuck = [row for row in rows.values() if row["step"] == "stuck"]
            assert len(stuck) == 2 and all(row["reason"] for row in stuck)
            await shop.hub.pool.execute(
                "update shop set settings = settings - 'responsible_user_id' where id = $1", shop.id
            )
            later = shop.make(2, seed=5)
            await shop.fetch()
            await shop.work()
            assert sorted(shop.deals()) == sorted(later)
            await shop.hub.pool.execute(
                "update shop_order set step = 'finding', together = 50 where shop_id = $1 "
                "and step = 'stuck'",
                shop.id,
            )
            await shop.hub.pool.execute(
                "update crm_entity set state = 'wanted' where crm_id = $1 and state = 'refused'",
                shop.amocrm,
            )
            await shop.work()
            assert sorted(shop.deals()) == sorted(first + later)

    go(run)


def test_a_paused_connection_is_said_and_not_asked(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            await set_state(shop.hub.pool, shop.kaspi, "paused", "ключ не подошёл")
            await shop.hub.registry.refresh()
            with pytest.raises(ConfigError, match="ключ не подошёл"):
                await shop.fetch()

    go(run)


def test_a_wrong_token_pauses_the_connection(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            sandbox.arm_at("kaspi", "orders", "401", times=1)
            with pytest.raises(CallFailed):
                await shop.fetch()
            state = await shop.hub.pool.fetchval(
                "select state from connection where id = $1", shop.kaspi
            )
            assert state == "paused"

    go(run)


def test_what_did_not_change_is_stored_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            (code,) = shop.make(1)
            for task in ("fetch", "fetch", "reconcile", "reconcile"):
                await shop.fetch(task)
            await shop.work()
            assert len(await shop.hub.events()) == 1
            # Back to what it was is a change as well.
            for status in ("CANCELLING", "APPROVED_BY_BANK"):
                shop.change(code, status=status)
                await shop.fetch("reconcile")
                await shop.work()
            events = await shop.hub.events()
            told = [(event["decision"], event["reason"]) for event in events]
            assert told == [("noted", "order_new")] + [("noted", "order_changed")] * 2
            assert (await shop.rows())[code]["status"] == "APPROVED_BY_BANK"

    go(run)


@given(st.timedeltas(timedelta(0), timedelta(days=100)))
def test_windows_cover_all_time_and_none_is_too_long(span: timedelta) -> None:
    parts = list(windows(NOW - span, NOW))
    assert all(end - begin <= LONGEST_WINDOW for begin, end in parts)
    if parts:
        assert parts[0][0] == NOW - span and parts[-1][1] == NOW
        assert all(a[1] == b[0] for a, b in itertools.pairwise(parts))
