"""The demo's Kaspi shop: orders come in, are taken and handed over, and become deals in amoCRM."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from uzel.connections import store as connections
from uzel.connectors.amocrm.miniature.beginnings import (
    NEW_ORDER_STAGE_ID,
    ORDERS_PIPELINE_ID,
    PRODUCTS_ID,
    SENT_STAGE_ID,
    TAKEN_STAGE_ID,
)
from uzel.connectors.amocrm.miniature.fields import ORDER_FIELD_ID
from uzel.demo import life, store
from uzel.flows.kaspi_orders import shop_store
from uzel.kit.database import Connection

P = ORDERS_PIPELINE_ID
SETTINGS: dict[str, Any] = {
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
    "ranks": {
        f"{P}:{NEW_ORDER_STAGE_ID}": 20,
        f"{P}:{TAKEN_STAGE_ID}": 30,
        f"{P}:{SENT_STAGE_ID}": 40,
    },
}
# Some of the last half hour, which is as far as a fetch looks back, then one each half a minute.
EARLIER, EARLIER_APART_S = 12, 120
APART_S = 30
# Seconds after it was made an order is taken, and is handed over or called off.
TAKEN_AFTER_S, OVER_AFTER_S = 90, 400
CALLED_OFF = 0.15
TAKEN, HANDED_OVER, CANCELLED = "ACCEPTED_BY_MERCHANT", "COMPLETED", "CANCELLED"

Step = tuple[float, str, str]


async def ensure_shop(connection: Connection, name: str) -> None:
    """The shop of the connections with this name, switched on; what somebody changed in it stays.
    Its sandbox is a new one.
    """
    source_id = await connections.find(connection, "kaspi", name)
    crm_id = await connections.find(connection, "amocrm", name)
    assert source_id is not None and crm_id is not None
    there = await shop_store.by_sources(connection, [source_id])
    if there:
        await store.forget_orders(connection, there[0]["id"])
        return
    business_id = await connections.default_business(connection)
    shop_id = await shop_store.add(connection, business_id, source_id, crm_id, SETTINGS)
    await shop_store.set_state(connection, shop_id, "on")
    await shop_store.begin_earlier(connection, shop_id, 1)


def begin(sandbox: str) -> None:
    """Have orders made, and let things happen to them for as long as this process lives."""
    made = order(sandbox, EARLIER, EARLIER_APART_S, time.time() - 60)
    threading.Thread(target=trade, args=(sandbox, made), daemon=True).start()


def order(sandbox: str, count: int, apart_s: int, until: float) -> list[tuple[str, float]]:
    """So many new orders, the last one made at `until`: (number, when it was made)."""
    asked = {
        "count": count,
        "apart_ms": apart_s * 1000,
        "until_ms": int(until * 1000),
        "seed": random.randrange(10**6),  # noqa: S311 - no secret depends on it
    }
    answer = json.loads(life.ask("POST", f"{sandbox}/kaspi/_orders", json_body=asked))
    codes = [it["code"] for it in answer["orders"]]
    return [(code, until - (count - 1 - nth) * apart_s) for nth, code in enumerate(codes)]


def steps(made: Sequence[tuple[str, float]]) -> list[Step]:
    """(when, number, status), the earliest first."""
    found: list[Step] = []
    for code, at in made:
        ends = CANCELLED if random.random() < CALLED_OFF else HANDED_OVER  # noqa: S311
        found += [(at + TAKEN_AFTER_S, code, TAKEN), (at + OVER_AFTER_S, code, ends)]
    return sorted(found)


def trade(sandbox: str, made: Sequence[tuple[str, float]]) -> None:
    """Let things happen to these orders when their time comes, and have a new one made now and
    then: none before its own time, or it would be an order of the future to whoever looks.
    """
    due, next_at = steps(made), time.time() + APART_S
    while True:
        time.sleep(max(0.0, min([next_at, *(at for at, _, _ in due[:1])]) - time.time()))
        next_at = go_on(sandbox, due, next_at)


def go_on(sandbox: str, due: list[Step], next_at: float) -> float:
    """Do what is due by now, a new order included; when the next one is to be made. What a new
    sandbox does not know is left out.
    """
    now = time.time()
    with contextlib.suppress(OSError):
        if next_at <= now:
            next_at = now + APART_S
            due += steps(order(sandbox, 1, 0, now))
            due.sort()
        while due and due[0][0] <= now:
            _, code, status = due.pop(0)
            life.ask("POST", f"{sandbox}/kaspi/_orders/{code}", json_body={"status": status})
    return next_at
