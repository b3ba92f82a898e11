"""Orders of a shop as read models: the day, the heaps, the lists, what is wrong."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parts import Sandbox, go, sandbox, sandbox_server
from shops import Shop, open_shop
from uzel.views import shops_store
from uzel.views.query_store import Conditions
from uzel.views.shops import OrderFilter, glance, list_orders
from uzel.views.shops_life import order_life
from uzel.views.shops_trouble import problems_of, shops_in_trouble

__all__ = ["sandbox", "sandbox_server"]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)  # in Almaty
INSERT = (
    "insert into shop_order (shop_id, code, event_id, source_order, status, currency, total, "
    "ordered_at, told_at, step, reason, lead_id, deal_at, tried) "
    "select $1, code, 1, code, 'APPROVED_BY_BANK', 'KZT', 100, ordered_at, now(), step, reason, "
    "lead_id, deal_at, lead_id is not null from jsonb_to_recordset($2) as g(code text, "
    "ordered_at timestamptz, step text, reason text, lead_id bigint, deal_at timestamptz)"
)


def order(code: str, at: datetime, step: str = "done", **more: Any) -> dict[str, Any]:
    made = {"lead_id": 7, "deal_at": (at + timedelta(seconds=30)).isoformat()}
    return {
        "code": code,
        "ordered_at": at.isoformat(),
        "step": step,
        **(made if step == "done" else {}),
        **more,
    }


def with_shop(
    dsn: str, sandbox: Sandbox, work: Callable[[Shop], Awaitable[None]], *orders: dict[str, Any]
) -> None:
    """Do something with a shop that has these orders."""

    async def all_of_it() -> None:
        async with open_shop(dsn, sandbox) as shop:
            await shop.hub.pool.execute(
                "update shop set switched_on_at = '2026-01-01', since = '2026-01-01'"
            )
            await shop.hub.pool.execute(INSERT, shop.id, list(orders))
            await work(shop)

    go(all_of_it)


def test_the_day_and_what_waits(dsn: str, sandbox: Sandbox) -> None:
    async def work(shop: Shop) -> None:
        seen = await glance(shop.hub.pool, shop.id, MIDNIGHT)
        assert (seen.orders, seen.deals, seen.waiting, seen.stuck) == (5, 3, 2, 1)
        assert [(h.deals, h.waiting, h.stuck) for h in seen.hours[:3]] == [
            (2, 0, 0),
            (1, 1, 1),
            (0, 0, 0),
        ]
        # One of yesterday waits as well; what waits to be filled has its deal.
        assert {(h.step, h.count) for h in seen.heaps} == {
            ("waiting", 1), ("finding", 1), ("stuck", 1), ("details", 1),
        }  # fmt: skip
        assert (seen.p50_s, seen.longest_s) == (30, 45)
        assert set(seen.tasks) == {"fetch", "reconcile", "proof"}

    later = MIDNIGHT + timedelta(hours=1, minutes=59, seconds=59)
    slow = (MIDNIGHT + timedelta(seconds=45)).isoformat()
    with_shop(
        dsn,
        sandbox,
        work,
        order("1", MIDNIGHT),
        order("2", MIDNIGHT, deal_at=slow),
        order("3", later, "details", lead_id=8, deal_at=(later + timedelta(seconds=5)).isoformat()),
        order("4", later, "waiting"),
        order("5", later, "stuck", reason="no"),
        order("6", MIDNIGHT - timedelta(seconds=1), "finding"),
        order("7", MIDNIGHT + timedelta(hours=24)),
    )


def test_a_list_that_looks_row_by_row_goes_on_where_it_stopped(
    dsn: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shops_store, "WINDOW", 3)

    async def work(shop: Shop) -> None:
        found: list[str] = []
        before, pages = None, 0
        while pages < 20:
            wanted = OrderFilter(shop.id, "done")
            page = await list_orders(shop.hub.pool, wanted, before, 2)
            found += [each.code for each in page.items]
            pages += 1
            if (before := page.next) is None:
                break
        assert found == ["9", "5", "0"]
        assert pages > 2

    steps = {"9": "done", "5": "done", "0": "done"}
    with_shop(
        dsn,
        sandbox,
        work,
        *(
            order(str(n), NOW + timedelta(minutes=n), steps.get(str(n), "waiting"))
            for n in range(10)
        ),
    )


def test_a_list_reads_no_more_than_a_page(dsn: str, sandbox: Sandbox) -> None:
    async def work(shop: Shop) -> None:
        pool = shop.hub.pool
        await pool.execute(
            INSERT,
            shop.id,
            [order(f"n{n}", NOW - timedelta(minutes=n)) for n in range(3000)],
        )
        await pool.execute("analyze shop_order")
        for add in ((), (("ordered_at < {}", NOW - timedelta(days=1)),)):
            found_by = Conditions()
            found_by.add("shop_id = {}", shop.id)
            for text, value in add:
                found_by.add(text, value)
            plan = await pool.fetch(
                "explain select * from shop_order where "
                f"{found_by.sql()} {shops_store.NEWEST_FIRST} limit 51",
                *found_by.values,
            )
            text = "\n".join(line[0] for line in plan)
            assert "shop_order_newest" in text
            assert "Seq Scan" not in text

    with_shop(dsn, sandbox, work)


def test_a_life_is_of_the_shop_it_is_asked_for(dsn: str, sandbox: Sandbox) -> None:
    async def work(shop: Shop) -> None:
        pool = shop.hub.pool
        number = await pool.fetchval("select id from shop_order where code = '1'")
        (found,) = await pool.fetch("select * from shop where id = $1", shop.id)
        row = dict(found)
        life = await order_life(pool, number, row)
        assert life is not None
        assert (life.order.code, life.told, life.calls, life.lines) == ("1", (), (), None)
        assert await order_life(pool, number, {**row, "id": shop.id + 1}) is None
        assert await order_life(pool, number + 1, row) is None

    with_shop(dsn, sandbox, work, order("1", NOW))


def test_only_what_needs_somebody_is_trouble(dsn: str, sandbox: Sandbox) -> None:
    async def work(shop: Shop) -> None:
        pool = shop.hub.pool
        assert await shops_in_trouble(pool) == []
        await pool.execute("update shop set state = 'paused'")
        (found,) = await shops_in_trouble(pool)
        assert (found.held_up, found.waiting, found.stuck) == (True, 1, 0)
        await pool.execute("update shop_order set step = 'stuck', reason = 'no'")
        (found,) = await shops_in_trouble(pool)
        assert (found.held_up, found.waiting, found.stuck) == (False, 0, 1)
        await pool.execute("update shop set state = 'off'")
        assert await shops_in_trouble(pool) == []

    with_shop(dsn, sandbox, work, order("1", NOW, "waiting"))


@given(st.integers(0, 60 * 24 * 3), st.sampled_from(["fetch", "reconcile", "proof"]))
def test_a_task_is_trouble_once_it_has_failed_for_long(minutes: int, name: str) -> None:
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    task = {"problem": "no answer", "found": {}, "succeeded_at": at}
    patience = {"fetch": 3, "reconcile": 25, "proof": 25 * 60}[name]
    expected = {name: "no answer"} if minutes > patience else {}
    assert dict(problems_of({name: task}, NOW)) == expected
    never = {**task, "succeeded_at": None}
    assert dict(problems_of({name: never}, NOW)) == {name: "no answer"}
    assert dict(problems_of({name: {**task, "problem": None}}, NOW)) == {}


def test_a_proof_that_was_refused_is_trouble_at_once() -> None:
    task = {"problem": None, "found": {"problem": "HTTP 403"}, "succeeded_at": NOW.isoformat()}
    assert dict(problems_of({"proof": task}, NOW)) == {"proof": "HTTP 403"}
