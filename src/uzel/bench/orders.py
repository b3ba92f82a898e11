"""`uzel bench orders`: orders of a marketplace that become deals in a CRM which allows seven
requests a second.

cold    every buyer and every article is new to amoCRM and to us
known   the same buyers order the same articles again

Everything is on: orders are fetched from Kaspi in miniature, stored raw, and made into deals with
contact, goods and a note at amoCRM in miniature, which answers after a tenth of a second, refuses
the eighth request of any second with 429, and counts for itself. The worker works alone. Afterwards
amoCRM's own books are read: each order must have exactly one deal, with its contact and all its
goods.

Void: an order without its deal or with several, a deal that is not whole, an answer of amoCRM other
than it was asked for, a process that ended.
"""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from uzel.bench import store
from uzel.bench.report import Figures, Progress, rounded, verdict
from uzel.bench.stage import Stage, ask, staged
from uzel.connections import manage
from uzel.connections.store import default_business
from uzel.errors import UzelError
from uzel.flows.kaspi_orders import shop_store
from uzel.kit import database
from uzel.kit.secrets import read_key_ring

ORDERS = 2000
ALLOWED_PER_S = 7
LATENCY_S = 0.1
BESIDES_S = 8.0
ARTICLES = 200
# Of whom the orders are drawn: so many that hardly anybody comes twice.
BUYERS = 1_000_000
TOKEN = "bench"  # noqa: S105 - of the sandboxes
LOOK_EVERY_S = 0.25
# Nothing for so long: whatever is missing will not come.
STUCK_S = 60.0
FINE = ("200", "201", "204")

LABELS = {
    "calls_per_order_known": "calls to amoCRM per order, buyer and goods known",
    "calls_per_order_cold": "calls to amoCRM per order, everything new",
    "most_in_one_second": "most requests in any second",
    "allowance_used": "share of the allowance used while orders waited",
    "orders_per_min_known": "deals a minute, known",
    "orders_per_min_cold": "deals a minute, cold",
    "orders": "orders of each kind",
    "lost": "orders without a whole deal",
    "doubled": "orders with several deals",
    "refused": "requests amoCRM refused",
    "others_share": "share of the cores that others used",
    "errors": "errors",
    "seconds": "took, s",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What one kind of orders took. `per_s` while orders waited, from the first request on."""

    requests: int
    seconds: float
    most_in_one_second: int
    refused: int

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0


class Orders:
    """The shop, and what comes of its orders."""

    def __init__(self, stage: Stage, connection: database.Connection, progress: Progress) -> None:
        self._stage = stage
        self._connection = connection
        self._progress = progress
        self._shop = 0

    async def open(self) -> None:
        """A shop that is switched on, at a Kaspi and an amoCRM of its own."""
        ring = read_key_ring(None, self._stage.data_dir)
        business = await default_business(self._connection)
        accounts = {
            name: await manage.add(
                self._connection,
                ring,
                name,
                "bench",
                {"base_url": f"{self._stage.sandbox_url}/{name}", field: TOKEN},
                business_id=business,
            )
            for name, field in (("kaspi", "token"), ("amocrm", "access_token"))
        }
        settings = self.settings()
        self._shop = await shop_store.add(
            self._connection, business, accounts["kaspi"].id, accounts["amocrm"].id, settings
        )
        await shop_store.set_state(self._connection, self._shop, "on")
        await shop_store.begin_earlier(self._connection, self._shop, 1)
        await store.orders_are_new(self._connection, self._shop)
        self._amocrm("_settings", limit_per_s=ALLOWED_PER_S, latency_s=LATENCY_S)

    def settings(self) -> dict[str, Any]:
        """Where amoCRM in miniature has its pipelines, goods and fields."""
        pipelines = self._read("/api/v4/leads/pipelines")["_embedded"]["pipelines"]
        catalogs = self._read("/api/v4/catalogs")["_embedded"]["catalogs"]
        fields = self._read("/api/v4/leads/custom_fields")["_embedded"]["custom_fields"]
        pipeline = pipelines[-1]
        stages = [s for s in pipeline["_embedded"]["statuses"] if s["type"] == 0]
        return {
            "pipeline_id": pipeline["id"],
            "status_id": stages[0]["id"],
            "catalog_id": next(c["id"] for c in catalogs if c["type"] == "products"),
            "order_code_field_id": next(f["id"] for f in fields if f["type"] == "text"),
        }

    async def run(self, what: str, orders: int, seed: int) -> Run:
        """Have so many orders made, and wait until all of them have their deals."""
        self._progress.begin(f"{what}: {orders} orders", 0.0)
        ask("DELETE", f"{self._stage.sandbox_url}/amocrm/_traffic")
        body = {"token": TOKEN, "count": orders, "customers": BUYERS, "skus": ARTICLES, "lines": 2}
        body["apart_ms"] = 100
        ask("POST", f"{self._stage.sandbox_url}/kaspi/_orders", body={**body, "seed": seed})
        await store.fetch_now(self._connection, self._shop)
        await self._until_done()
        began, ended = await store.span_of_calls(self._connection, self._shop)
        traffic = json.loads(ask("GET", f"{self._stage.sandbox_url}/amocrm/_traffic"))
        wrong = sum(n for status, n in traffic["statuses"].items() if status not in FINE)
        return Run(traffic["requests"], ended - began, traffic["most_in_one_second"], wrong)

    async def _until_done(self) -> None:
        last, since = -1, time.monotonic()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if ended := self._stage.ended():
                raise UzelError("; ".join(ended))
            seen, waiting = await store.orders_so_far(self._connection, self._shop)
            if seen and not waiting and await store.all_fetched(self._connection, self._shop):
                return
            if (progress := seen * 10**6 - waiting) != last:
                last, since = progress, time.monotonic()
            elif time.monotonic() - since > STUCK_S:
                return

    def judge(self) -> tuple[int, int]:
        """(orders without a whole deal, orders with several) by amoCRM's own books."""
        url = f"{self._stage.sandbox_url}/kaspi/_orders?token={TOKEN}"
        orders = {order["code"]: order for order in json.loads(ask("GET", url))["orders"]}
        url = f"{self._stage.sandbox_url}/amocrm/_books?token={TOKEN}"
        deals: dict[str, list[Any]] = {}
        for lead in json.loads(ask("GET", url))["leads"]:
            if lead["order_code"]:
                deals.setdefault(lead["order_code"], []).append(lead)
        doubled = sum(len(found) > 1 for found in deals.values())
        whole = sum(code in deals and is_whole(deals[code][0], orders[code]) for code in orders)
        return len(orders) - whole, doubled

    def _amocrm(self, door: str, **body: Any) -> None:
        ask("POST", f"{self._stage.sandbox_url}/amocrm/{door}", body=body)

    def _read(self, path: str) -> Any:
        return json.loads(ask("GET", f"{self._stage.sandbox_url}/amocrm{path}", token=TOKEN))


def is_whole(deal: Any, order: Any) -> bool:
    """Its buyer, its goods in their quantities, its note."""
    wanted: Counter[str] = Counter()
    for line in order["lines"]:
        wanted[line["sku"]] += int(float(line["quantity"]))
    goods = {element["sku"]: int(float(element["quantity"])) for element in deal["elements"]}
    contact = deal["contact"] or {"phones": []}
    digits = ["".join(filter(str.isdigit, phone))[-10:] for phone in contact["phones"]]
    return goods == wanted and order["phone"][-10:] in digits and len(deal["notes"]) == 1


async def measure(stage: Stage, progress: Progress, orders: int) -> Figures:
    """Both kinds, and the verdict."""
    connection = await database.connect(stage.dsn, name="bench")
    try:
        bench = Orders(stage, connection, progress)
        await bench.open()
        stage.worker()
        cold = await bench.run("cold", orders, 1)
        known = await bench.run("known", orders, 1)
    finally:
        await connection.close()
    lost, doubled = bench.judge()
    refused = cold.refused + known.refused
    counts = {"errors": refused, "lost": lost, "doubled": doubled}
    return {
        "bench": "orders",
        **verdict(stage.ended(), **counts),
        "seconds": rounded(progress.elapsed_s, 1),
        "calls_per_order_known": rounded(known.requests / orders, 3),
        "calls_per_order_cold": rounded(cold.requests / orders, 3),
        "most_in_one_second": max(cold.most_in_one_second, known.most_in_one_second),
        "allowance_used": rounded(cold.per_s / ALLOWED_PER_S, 3),
        "orders_per_min_known": rounded(orders / known.seconds * 60),
        "orders_per_min_cold": rounded(orders / cold.seconds * 60),
        "orders": orders,
        "refused": refused,
        "per_s_known": rounded(known.per_s, 2),
        **stage.circumstances(),
    }


def run_orders(total: int = ORDERS) -> Figures:
    """Set up, measure `total` orders of which half are cold, clear away. Raises UzelError."""
    orders = max(1, total // 2)
    progress = Progress(BESIDES_S + orders * 1.2 / (ALLOWED_PER_S * 0.95) + 10)
    progress.begin("setting up a database", BESIDES_S)
    with staged() as stage:
        stage.sandbox()
        stage.await_ready()
        return asyncio.run(measure(stage, progress, orders))
