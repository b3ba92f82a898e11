"""A shop at Kaspi whose orders become deals at amoCRM: both in miniature, over HTTP, judged by the
books of their own that they keep.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from parts import RING, Hub, Sandbox, open_hub
from uzel.calls import recover
from uzel.connections.config import unseal
from uzel.connectors.amocrm.miniature.beginnings import (
    NEW_ORDER_STAGE_ID,
    ORDERS_PIPELINE_ID,
    PRODUCTS_ID,
    SENT_STAGE_ID,
    TAKEN_STAGE_ID,
)
from uzel.connectors.amocrm.miniature.fields import ORDER_FIELD_ID
from uzel.flows.kaspi_orders import shop_store
from uzel.flows.kaspi_orders.advance import advance
from uzel.flows.kaspi_orders.tasks import Tasks

P = ORDERS_PIPELINE_ID
NEW_STAGE, TAKEN_STAGE, SENT_STAGE = NEW_ORDER_STAGE_ID, TAKEN_STAGE_ID, SENT_STAGE_ID
RANKS = {
    f"{P}:{NEW_ORDER_STAGE_ID}": 20,
    f"{P}:{TAKEN_STAGE_ID}": 30,
    f"{P}:{SENT_STAGE_ID}": 40,
}
SETTINGS = {
    "pipeline_id": P,
    "status_id": NEW_ORDER_STAGE_ID,
    "catalog_id": PRODUCTS_ID,
    "order_code_field_id": ORDER_FIELD_ID,
    "stages": {
        "accepted": f"{P}:{TAKEN_STAGE_ID}",
        "completed": f"{P}:142",
        "cancelled": f"{P}:143",
        "returned": f"{P}:143",
    },
    "ranks": RANKS,
}


@dataclass
class Shop:
    """A shop and both its sides."""

    hub: Hub
    sandbox: Sandbox
    id: int
    kaspi: int
    amocrm: int
    tokens: dict[str, str]
    tasks: Tasks

    def make(self, count: int, **more: Any) -> list[str]:
        """New orders at Kaspi, of people amoCRM has not heard of; their codes."""
        asked = {"token": self.tokens["kaspi"], "count": count, **more}
        answer = self.sandbox.http.post("/kaspi/_orders", json=asked)
        codes = [order["code"] for order in answer.raise_for_status().json()["orders"]]
        for code in codes:
            buyer = int(self.orders()[code]["phone"][-4:])
            self.change(code, phone=f"701555{buyer:04d}")
        return codes

    def change(self, code: str, **how: Any) -> dict[str, Any]:
        """Something happens to an order at Kaspi."""
        asked = {"token": self.tokens["kaspi"], **how}
        answer = self.sandbox.http.post(f"/kaspi/_orders/{code}", json=asked).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def orders(self) -> dict[str, dict[str, Any]]:
        """Kaspi's books, by code."""
        params = {"token": self.tokens["kaspi"]}
        answer = self.sandbox.http.get("/kaspi/_orders", params=params).raise_for_status()
        return {order["code"]: order for order in answer.json()["orders"]}

    def at_amocrm(self, door: str, **body: Any) -> Any:
        """A control door of amoCRM's sandbox."""
        asked = {"token": self.tokens["amocrm"], **body}
        return self.sandbox.http.post(f"/amocrm/{door}", json=asked).raise_for_status().json()

    def books(self) -> dict[str, Any]:
        """amoCRM's books."""
        params = {"token": self.tokens["amocrm"]}
        found: dict[str, Any] = (
            self.sandbox.http.get("/amocrm/_books", params=params).raise_for_status().json()
        )
        return found

    def deals(self) -> dict[str, dict[str, Any]]:
        """The deals at amoCRM that have an order code, by it; fails on two of one code."""
        leads = [it for it in self.books()["leads"] if it["order_code"] and not it["is_deleted"]]
        doubled = [code for code, n in Counter(it["order_code"] for it in leads).items() if n > 1]
        assert not doubled, f"two deals for {doubled}"
        return {lead["order_code"]: lead for lead in leads}

    async def fetch(self, task: str = "fetch") -> Any:
        """Fetch orders now."""
        return await self.tasks.run_now(self.id, task)

    async def work(self, rounds: int = 40) -> None:
        """Do all that can be done now."""
        for _ in range(rounds):
            await self.hub.process()
            await advance(self.hub.pool, self.amocrm)
            before = await self.done()
            await self.hub.call()
            await self.hub.process()
            await advance(self.hub.pool, self.amocrm)
            if await self.done() == before and not await self.due():
                return

    async def later(self) -> None:
        """What waits after a refusal is due, and done."""
        await self.hub.pool.execute(
            "update shop_order set not_before = null where shop_id = $1", self.id
        )
        await self.work()

    async def done(self) -> int:
        """Attempts that ended."""
        found: int = await self.hub.pool.fetchval(
            "select coalesce(sum(jsonb_array_length(history)), 0) from call "
            "where connection_id = any($1)",
            [self.kaspi, self.amocrm],
        )
        return found

    async def due(self) -> int:
        """Calls that can be made now."""
        found: int = await self.hub.pool.fetchval(
            "select count(*) from call where connection_id = any($1) and state = 'planned' "
            "and due_at <= clock_timestamp()",
            [self.kaspi, self.amocrm],
        )
        return found

    async def rows(self) -> dict[str, Any]:
        """Our orders, by code."""
        rows = await self.hub.pool.fetch("select * from shop_order where shop_id = $1", self.id)
        return {row["code"]: row for row in rows}

    async def calls(self) -> Counter[str]:
        """Calls to amoCRM that were made, by operation."""
        rows = await self.hub.pool.fetch(
            "select operation from call where connection_id = $1 and attempt > 0", self.amocrm
        )
        return Counter(row["operation"] for row in rows)


@contextlib.asynccontextmanager
async def open_shop(
    dsn: str, sandbox: Sandbox, settings: dict[str, Any] | None = None
) -> AsyncIterator[Shop]:
    """A shop that is switched on."""
    async with open_hub(dsn, sandbox.url, also=("kaspi", "amocrm")) as hub:
        kaspi, amocrm = hub.others["kaspi"][0], hub.others["amocrm"][0]
        async with hub.pool.acquire() as connection, connection.transaction():
            shop = await shop_store.add(
                connection, hub.business, kaspi, amocrm, settings or SETTINGS
            )
            await shop_store.set_state(connection, shop, "on")
            await shop_store.begin_earlier(connection, shop, 1)
            await connection.execute("update shop set switched_on_at = since where id = $1", shop)
        tokens = {}
        for name, number in (("kaspi", kaspi), ("amocrm", amocrm)):
            row = await hub.pool.fetchrow("select secrets from connection where id = $1", number)
            assert row is not None
            secrets = unseal(RING, number, row["secrets"])
            tokens[name] = secrets["token" if name == "kaspi" else "access_token"]
        tasks = Tasks(hub.pool, hub.registry, hub.runner.reach)
        yield Shop(hub, sandbox, shop, kaspi, amocrm, tokens, tasks)


async def until_done(shop: Shop, most: int = 25) -> None:
    """Let time pass until every order has its deal, whole."""
    for _ in range(most):
        await shop.work()
        rows = await shop.rows()
        if rows and all(row["step"] == "done" and not row["checking"] for row in rows.values()):
            return
        await shop.hub.pool.execute(
            "update call set finished_at = finished_at - interval '5 minutes', "
            "started_at = started_at - interval '5 minutes' "
            "where state = 'unknown' and connection_id = $1",
            shop.amocrm,
        )
        await shop.hub.pool.execute(
            "update connection set state = 'active', state_reason = null where id = $1",
            shop.amocrm,
        )
        await shop.hub.pool.execute(
            "update shop_order set not_before = null where shop_id = $1", shop.id
        )
        await shop.hub.registry.refresh()
        await recover.look_up_unknown(shop.hub.pool, shop.hub.registry, shop.hub.runner)
        await shop.hub.hurry()
    told = {code: (row["step"], row["reason"]) for code, row in (await shop.rows()).items()}
    raise AssertionError(f"not done: {told}")


async def whole(shop: Shop, codes: list[str]) -> None:
    """One deal per order, one contact per phone, one article per SKU, goods and note once."""
    deals, orders, books = shop.deals(), shop.orders(), shop.books()
    assert sorted(deals) == sorted(codes)
    for code in codes:
        wanted: dict[str, float] = {}
        for line in orders[code]["lines"]:
            wanted[line["sku"]] = wanted.get(line["sku"], 0) + float(line["quantity"])
        got = {e["sku"]: float(e["quantity"]) for e in deals[code]["elements"]}
        assert got == wanted
        assert len(deals[code]["notes"]) == 1
    phones = [p for c in books["contacts"] for p in c["phones"] if p.startswith("+7701555")]
    assert len(phones) == len(set(phones))
    skus = [e["sku"] for e in books["elements"] if e["sku"]]
    assert len(skus) == len(set(skus))
