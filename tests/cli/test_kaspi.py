"""`uzel kaspi` as it is typed, against both sandboxes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from parts import Sandbox, settings_of
from sample_data import MASTER_KEY
from shops import SETTINGS, P
from uzel.connections import manage, store
from uzel.flows.kaspi_orders import shop_store, task_store
from uzel.kit import addresses, database
from uzel.kit.secrets import KeyRing, decode_key

Command = Callable[..., tuple[int, str, str]]
Result = TypeVar("Result")


@dataclass
class Shop:
    """One shop on the installation that commands find, and Kaspi in miniature behind it."""

    id: int
    source: int
    dsn: str
    token: str
    sandbox: Sandbox
    uzel: Command

    def make(self, count: int, **more: Any) -> list[str]:
        asked = {"token": self.token, "count": count, **more}
        answer = self.sandbox.http.post("/kaspi/_orders", json=asked).raise_for_status()
        return [order["code"] for order in answer.json()["orders"]]

    def json(self, *words: str) -> Any:
        return json.loads(self.uzel("kaspi", *words, "--json")[1])

    def do(self, work: Callable[[database.Connection], Awaitable[Result]]) -> Result:
        return on(self.dsn, work)


def on(dsn: str, work: Callable[[database.Connection], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        connection = await database.connect(dsn, name="test")
        try:
            async with connection.transaction():
                return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def shop(dsn: str, uzel: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Switched off, as a new one is."""
    monkeypatch.setenv("UZEL_ALLOW_PRIVATE_ADDRESSES", "127.0.0.1")
    addresses.permit("127.0.0.1")
    given = {name: settings_of(name, sandbox.url) for name in ("kaspi", "amocrm")}
    ring = KeyRing([decode_key(MASTER_KEY)])

    async def add(connection: database.Connection) -> tuple[int, int]:
        business = await store.default_business(connection)
        ends = [
            (await manage.add(connection, ring, name, "main", values)).id
            for name, values in given.items()
        ]
        return await shop_store.add(connection, business, ends[0], ends[1], SETTINGS), ends[0]

    number, source = on(dsn, add)
    return Shop(number, source, dsn, given["kaspi"]["token"], sandbox, uzel)


def test_without_a_shop_each_command_says_so(uzel: Command) -> None:
    assert uzel("kaspi", "shops")[:2] == (
        0,
        "There is no shop. Make one: console, Заказы; or set KASPI_* and AMO_* and restart.\n",
    )
    for words in (("fetch-new",), ("why", "710000001"), ("pause",), ("resume",)):
        status, out, err = uzel("kaspi", *words)
        assert (status, out) == (1, "")
        assert "there is no shop; there are: none" in err


def test_a_shop_that_is_off_fetches_nothing(shop: Shop) -> None:
    status, _, err = shop.uzel("kaspi", "fetch-new")
    assert status == 1 and "the shop is off: uzel kaspi resume" in err
    assert shop.uzel("kaspi", "pause")[0] == 1
    assert shop.json("shops")[0]["state"] == "off"


def test_switched_on_it_fetches_what_comes(shop: Shop) -> None:
    status, out, _ = shop.uzel("kaspi", "resume")
    assert (status, out) == (0, f"shop {shop.id}: on; it begins with the orders from now on\n")
    shop.make(2, apart_ms=0)
    done = shop.json("fetch-new")
    assert [(it["shop"], it["state"], it["orders"], len(it["new"])) for it in done] == [
        (shop.id, "done", 2, 2)
    ]
    assert shop.uzel("kaspi", "reconcile")[:2] == (
        0,
        f"shop {shop.id}: done, orders 2, changed 0, new 0\n",
    )
    assert "fetch: done" in shop.uzel("kaspi", "shops")[1]


def test_orders_of_earlier_days_are_taken_if_asked_for(shop: Shop) -> None:
    shop.make(3, apart_ms=3_600_000)
    assert shop.uzel("kaspi", "resume", "--days", "2")[0] == 0
    assert len(shop.json("fetch-new")[0]["new"]) == 3
    for wrong in ("0", "15", "x", "-1"):
        with pytest.raises(SystemExit):
            shop.uzel("kaspi", "resume", "--days", wrong)


def test_a_pause_is_told_and_ends(shop: Shop) -> None:
    shop.uzel("kaspi", "resume")
    assert shop.json("pause") == {"shop": shop.id, "state": "paused", "before": "on"}
    assert shop.uzel("kaspi", "pause")[1] == f"shop {shop.id}: paused already\n"
    assert shop.uzel("kaspi", "fetch-new")[0] == 0
    assert "with all that came meanwhile" in shop.uzel("kaspi", "resume")[1]
    audit = shop.do(lambda it: it.fetch("select actor, subject from audit order by id"))
    assert [row["subject"] for row in audit] == [f"shop:{shop.id}"] * 3
    assert all(row["actor"].startswith("command") for row in audit)


def test_who_comes_second_is_told_by_its_status(shop: Shop) -> None:
    shop.uzel("kaspi", "resume")

    async def lease(connection: database.Connection) -> Any:
        return await connection.fetch(task_store.LEASE, 60.0, shop.id, "fetch")

    shop.do(lease)
    status, out, _ = shop.uzel("kaspi", "fetch-new")
    assert (status, out) == (3, f"shop {shop.id}: already running\n")


def test_what_kept_it_from_its_end_is_said(shop: Shop) -> None:
    shop.uzel("kaspi", "resume")
    shop.sandbox.arm_at("kaspi", "orders", "500", times=9)
    status, out, _ = shop.uzel("kaspi", "fetch-new")
    assert status == 1 and f"shop {shop.id}: failed, problem" in out


def test_a_proof_needs_a_worker(shop: Shop) -> None:
    shop.uzel("kaspi", "resume")
    status, out, _ = shop.uzel("kaspi", "proof")
    assert status == 1 and "none gives a sign of life: uzel serve" in out


def verdict(shop: Shop, code: str) -> str:
    (told,) = shop.json("why", code)
    return str(told["verdict"])


def test_why_an_order_is_not_there(shop: Shop) -> None:
    earlier = shop.make(1)[0]
    assert verdict(shop, earlier) == "shop_off"
    shop.uzel("kaspi", "resume")
    assert verdict(shop, earlier) == "before_start"
    assert verdict(shop, "999999999") == "absent"
    assert shop.uzel("kaspi", "why", "999999999")[0] == 1
    assert verdict(shop, "not a number") == "no_answer"
    code = shop.make(1)[0]
    status, out, _ = shop.uzel("kaspi", "why", code)
    assert status == 0 and "it has been fetched just now" in out
    assert "its deal follows within a minute if a worker lives" in out
    shop.uzel("kaspi", "pause")
    out = shop.uzel("kaspi", "why", shop.make(1)[0])[1]
    assert "its deal follows" not in out
    assert "the shop is paused: no deals are made until uzel kaspi resume" in out
    shop.uzel("kaspi", "resume")
    shop.sandbox.arm_at("kaspi", "order", "500", times=9)
    assert verdict(shop, "999999999") == "no_answer"
    shop.sandbox.reset()
    shop.do(lambda it: store.set_state(it, shop.source, "paused", "HTTP 401"))
    told = shop.uzel("kaspi", "why", "999999999")[1]
    assert "is not in use" in told and "HTTP 401" in told


def test_what_differs_is_told_by_its_names(shop: Shop) -> None:
    stage, product = SETTINGS["status_id"], 501
    difference = {
        "stage": {"order": f"{P}:142", "deal": f"{P}:{stage}", "kept": False},
        "goods": {"order": {str(product): "2"}, "deal": {}, "kept": False},
    }
    shop.do(
        lambda it: it.execute(
            "insert into shop_order (shop_id, code, event_id, source_order, status, currency, "
            "told_at, step, lead_id, tried, difference) "
            "values ($1, '7', 1, '7', 'COMPLETED', 'KZT', now(), 'done', 5, true, $2)",
            shop.id,
            difference,
        )
    )
    shop.do(
        lambda it: it.execute(
            "insert into crm_entity (crm_id, catalog_id, key, entity_id, state) "
            "select crm_id, $2, 'SKU-9', $3, 'known' from shop where id = $1",
            shop.id,
            SETTINGS["catalog_id"],
            product,
        )
    )
    out = shop.uzel("kaspi", "why", "7")[1]
    assert "Заказы: Успешно реализовано at Kaspi" in out
    assert "SKU-9 x 2 at Kaspi, nothing in the deal (the deal was set right)" in out
    assert str(stage) not in out and "{" not in out


def test_one_shop_may_be_named(shop: Shop) -> None:
    assert shop.uzel("kaspi", "resume", "--shop", str(shop.id))[0] == 0
    status, _, err = shop.uzel("kaspi", "fetch-new", "--shop", "99")
    assert status == 1 and f"there is no shop 99; there are: {shop.id}" in err
