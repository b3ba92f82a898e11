"""kill -9 of worker and database while orders become deals. The judge is amoCRM's own books: one
deal per order, with its goods and its note once.
"""

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from crash_installation import Installation, fetch, installation, until
from shops import SETTINGS
from uzel.bench.orders import is_whole
from uzel.connections import manage, store
from uzel.flows.kaspi_orders import shop_store
from uzel.kit.database import prepare
from uzel.kit.secrets import read_key_ring

TOKEN = "crash"
OPEN = "select 1 from shop_order where step <> 'done' or checking is not null limit 1"
UNREAD = "select 1 from raw_event where state = 'received' limit 1"


async def open_shop(hub: Installation) -> None:
    """A shop that is switched on, at accounts of its own; amoCRM takes what comes."""
    connection = await asyncpg.connect(hub.postgres.dsn)
    await prepare(connection)
    ring = read_key_ring(None, hub.folder)
    business = await store.default_business(connection)
    accounts = [
        await manage.add(
            connection,
            ring,
            name,
            "crash",
            {"base_url": f"{hub.sandbox_url}/{name}", secret: TOKEN},
            business_id=business,
            rate_per_s=100.0,
        )
        for name, secret in (("kaspi", "token"), ("amocrm", "access_token"))
    ]
    shop = await shop_store.add(connection, business, accounts[0].id, accounts[1].id, SETTINGS)
    await shop_store.set_state(connection, shop, "on")
    await shop_store.begin_earlier(connection, shop, 1)
    await connection.execute("update shop set switched_on_at = since")
    await connection.close()


def at(hub: Installation, path: str, **body: Any) -> Any:
    """A door of a sandbox."""
    data = json.dumps({"token": TOKEN, **body}).encode() if body else None
    url = f"{hub.sandbox_url}{path}"
    return json.loads(fetch(url if body else f"{url}?token={TOKEN}", data))


def storm(folder: Path, kills: int, seed: int) -> None:
    """Orders come, somebody is killed, a little later; again and again."""
    print(f"seed {seed}")  # shown if it fails
    chance = random.Random(seed)
    with installation(folder) as hub:
        asyncio.run(open_shop(hub))
        for number in range(kills):
            at(hub, "/kaspi/_orders", count=chance.randrange(1, 12), seed=number, skus=20, lines=2)
            hub.query("update shop_task set next_at = now() where task = 'fetch' returning 1")
            time.sleep(chance.uniform(0.2, 2.0))
            hub.kill(chance.choice(("worker", "worker", "postgres")))
            until(hub.ready)
        hub.query(
            "update shop_task set next_at = now(), leased_until = null where task = 'fetch' "
            "returning 1"
        )
        time.sleep(3)
        orders = {order["code"]: order for order in at(hub, "/kaspi/_orders")["orders"]}
        try:
            until(lambda: len(hub.query("select 1 from shop_order")) == len(orders))
            until(lambda: not hub.query(UNREAD) and not hub.query(OPEN), within_s=240)
        except AssertionError:
            for table in ("shop_task", "shop_order", "call where state <> 'accepted'"):
                for row in hub.query(f"select * from {table} limit 40"):
                    print(dict(row))
            print((hub.folder / "worker.log").read_text()[-5000:])
            raise
        judge(at(hub, "/amocrm/_books"), orders)


def judge(books: dict[str, Any], orders: dict[str, Any]) -> None:
    """Every order has its one whole deal, every buyer one contact, every article one element."""
    deals = [lead for lead in books["leads"] if lead["order_code"] in orders]
    assert sorted(lead["order_code"] for lead in deals) == sorted(orders)
    assert [d["order_code"] for d in deals if not is_whole(d, orders[d["order_code"]])] == []
    phones = [phone for contact in books["contacts"] for phone in contact["phones"]]
    assert len(phones) == len(set(phones))
    skus = [element["sku"] for element in books["elements"] if element["sku"]]
    assert len(skus) == len(set(skus))


def test_each_order_has_one_deal_whoever_is_killed(tmp_path: Path) -> None:
    storm(tmp_path, kills=2, seed=time.time_ns())


@pytest.mark.long
def test_each_order_has_one_deal_whoever_is_killed_a_hundred_times(tmp_path: Path) -> None:
    storm(tmp_path, kills=100, seed=time.time_ns())
