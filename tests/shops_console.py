"""A shop with orders behind a console: both its sides are sandboxes over HTTP."""

import asyncio
import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console_visitor import Visitor, rows, value
from parts import RING, Sandbox
from running_web import WebApp, running_web
from sample_data import ADMIN, OPERATOR
from shops import Shop, open_shop
from uzel.connections import manage
from uzel.people.manage import save_person

# That of parts.RING, by which the shop's connections are sealed.
KEY = base64.b64encode(b"tests only: not a secret at all!").decode()
DONE, DIFFERS, CANCELLED, WAITS, STUCK = range(5)
REFUSED = "contact_refused: amoCRM: номер не принят"
DIFFERENCE = {
    "stage": {"order": "7310002:142", "deal": "7310002:61000012", "kept": True},
    "price": {"order": 19990, "deal": 18000, "kept": False},
}


@dataclass
class ShopConsole:
    """A console, the sandbox behind it, and the shop: `codes` of its orders by DONE … STUCK."""

    web: WebApp
    sandbox: Sandbox
    shop: int
    kaspi: int
    amocrm: int
    tokens: dict[str, str]
    codes: list[str]

    def visitor(self, login: tuple[str, str] = ADMIN) -> Visitor:
        """Somebody who is signed in."""
        return Visitor(self.web.url).sign_in(*login)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Ask the database."""
        return rows(self.web, query, *values)

    def value(self, query: str, *values: Any) -> Any:
        """The first column of the first row."""
        return value(self.web, query, *values)

    def id_of(self, which: int) -> int:
        """The number of an order in the console."""
        found: int = self.value("select id from shop_order where code = $1", self.codes[which])
        return found

    def make(self, count: int, **more: Any) -> list[str]:
        """New orders at Kaspi."""
        asked = {"token": self.tokens["kaspi"], "count": count, **more}
        answer = self.sandbox.http.post("/kaspi/_orders", json=asked)
        return [order["code"] for order in answer.raise_for_status().json()["orders"]]

    def leads(self) -> int:
        """How many deals there are in amoCRM."""
        params = {"token": self.tokens["amocrm"]}
        books = self.sandbox.http.get("/amocrm/_books", params=params).raise_for_status().json()
        return len(books["leads"])


@contextlib.contextmanager
def shop_console(dsn: str, sandbox: Sandbox, folder: Path) -> Iterator[ShopConsole]:
    """One, filled by the real parts as far as they can do it."""
    made: list[tuple[int, int, int, dict[str, str], list[str]]] = []

    async def fill() -> None:
        async with open_shop(dsn, sandbox) as shop:
            codes = await orders_of(shop)
            await more_of(shop, sandbox)
            made.append((shop.id, shop.kaspi, shop.amocrm, shop.tokens, codes))

    asyncio.run(fill())
    shop_id, kaspi, amocrm, tokens, codes = made[0]
    with running_web(dsn, folder, master_key=KEY) as web:
        yield ShopConsole(web, sandbox, shop_id, kaspi, amocrm, tokens, codes)


async def orders_of(shop: Shop) -> list[str]:
    """Three with their deals, one that waits, one that is stuck."""
    codes = shop.make(3, apart_ms=60_000, lines=1)
    await shop.fetch()
    await shop.work()
    shop.change(codes[CANCELLED], status="CANCELLED")
    await shop.fetch("reconcile")
    await shop.work()
    codes += shop.make(2, apart_ms=30_000)
    await shop.fetch()
    await shop.hub.process()
    pool = shop.hub.pool
    await pool.execute(
        "update shop_order set difference = $2, compared_at = now() where code = $1",
        codes[DIFFERS],
        DIFFERENCE,
    )
    await pool.execute(
        "update shop_order set step = 'stuck', reason = $2, together = 1 where code = $1",
        codes[STUCK],
        REFUSED,
    )
    return codes


async def more_of(shop: Shop, sandbox: Sandbox) -> None:
    """People, and connections that no shop has."""
    url, business = sandbox.url, shop.hub.business
    async with shop.hub.pool.acquire() as connection, connection.transaction():
        await save_person(connection, *ADMIN, "admin")
        await save_person(connection, *OPERATOR, "operator")
        settings = {"token": "sandbox-second", "base_url": f"{url}/kaspi"}
        await manage.add(connection, RING, "kaspi", "второй", settings, business_id=business)
        settings = {
            "base_url": f"{url}/amocrm",
            "client_id": "11111111-2222-4333-8444-555555555555",
            "client_secret": "sandbox-client-secret",
        }
        await manage.add(connection, RING, "amocrm", "по OAuth", settings, business_id=business)
