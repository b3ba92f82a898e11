"""A database with a bit of everything in it, made by the real parts against the sandbox.

What it holds is listed at `fill`; names that tests need are constants here.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import httpx2

from parts import OUR_URL
from uzel.app import GUARDS, flows, owners
from uzel.calls import store as calls_store
from uzel.calls.runner import Runner
from uzel.connections import manage
from uzel.connections import store as connections_store
from uzel.connections.registry import Registry
from uzel.connectors.smsru.webhook import signature
from uzel.events.door import Door, Request
from uzel.events.process import Processor
from uzel.events.receive import Receiver
from uzel.kit import database
from uzel.kit.secrets import KeyRing, decode_key, fingerprint
from uzel.messages import store as messages_store
from uzel.model.rules import IMMEDIATE
from uzel.people import store as people_store
from uzel.people.manage import save_person
from uzel.setup import FIRST_TEMPLATE

MASTER_KEY = "dGVzdHMgb25seTogbm8gc2VjcmV0IGlzIGhpZGRlbiA="
IIKO_KEY, SMSRU_KEY = "hook_sample-iiko", "hook_sample-smsru"
SMSRU_API_ID = "sandbox-sample"
ADMIN, OPERATOR = ("olga", "olga-password-1"), ("ivan", "ivan-password-1")
READ_TOKEN, REPLAY_TOKEN = "uzel_sample-read", "uzel_sample-replay"
WORKER = UUID("00000000-0000-4000-8000-000000000001")
ORGANIZATION = "6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10"
RATE_PER_S = 1000.0

DELIVERED_PHONE = "+79990000101"
REJECTED_PHONE = "+77010000102"
UNKNOWN_PHONE = "+79990000103"
CANCELLED_PHONE = "+79990000104"
PLANNED_PHONE = "+79990000105"


def order_id(number: int) -> str:
    """The id of the sample order with this number."""
    return f"00000000-0000-4000-8000-{number:012d}"


def delivery(number: int, status: str, phone: str | None, **order: object) -> dict[str, object]:
    """One DeliveryOrderUpdate (iiko OpenAPI, x-webhooks)."""
    return {
        "eventType": "DeliveryOrderUpdate",
        "eventTime": "2026-11-20 09:15:02.100",
        "organizationId": ORGANIZATION,
        "correlationId": f"10000000-0000-4000-8000-{number:012d}",
        "eventInfo": {
            "id": order_id(number),
            "organizationId": ORGANIZATION,
            "timestamp": 1795165502100,
            "order": {
                "phone": phone,
                "status": status,
                "customer": {"type": "one-time", "name": "Айгуль"},
                "number": number,
                "sum": 2450.5,
                **order,
            },
        },
    }


def receipt(references: Sequence[str], code: int = 103) -> bytes:
    """A delivery report of SMS.ru of now (sms.ru/api/callback), signed."""
    now = int(time.time())
    records = [f"sms_status\n{reference}\n{code}\n{now}" for reference in references]
    fields = {f"data[{i}]": record for i, record in enumerate(records)}
    fields["hash"] = signature(SMSRU_API_ID, records)
    return str(httpx2.QueryParams(fields)).encode()


@dataclass
class Sample:
    """The parts of an installation in one process, without a queue: a test says what runs when."""

    pool: database.Pool
    ring: KeyRing
    registry: Registry
    door: Door
    processor: Processor
    runner: Runner

    @classmethod
    async def over(cls, pool: database.Pool) -> "Sample":
        """Parts over an open pool."""
        ring = KeyRing([decode_key(MASTER_KEY)])
        registry = Registry(pool, ring)
        await registry.refresh()
        return cls(
            pool,
            ring,
            registry,
            Door(registry, Receiver(pool)),
            Processor(pool, registry, flows(registry, OUR_URL)),
            Runner(pool, registry, owners(registry, OUR_URL), WORKER, GUARDS),
        )

    async def post(self, connector: str, body: object, key: str | None = None) -> int:
        """What a provider's POST is answered with."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        key = key or {"iiko": IIKO_KEY, "smsru": SMSRU_KEY}[connector]
        headers = [(b"content-type", b"application/json"), (b"user-agent", b"sample")]
        reply = await self.door.enter(Request(connector, headers, f"key={key}", data, "192.0.2.7"))
        return reply.status

    async def process(self) -> None:
        """Understand every raw event that waits."""
        rows = await self.pool.fetch("select id from raw_event where state = 'received' order by 1")
        if rows:
            await self.processor.process([row["id"] for row in rows])

    async def call(self) -> None:
        """Make every planned call that is due."""
        for active in self.registry.all():
            await self.runner.pump(active.id)
        while running := [t for tasks in self.runner._under_way.values() for t in tasks]:
            await asyncio.wait(running)

    async def close(self) -> None:
        """End in good order."""
        await self.runner.stop()


async def fill(dsn: str, sandbox_url: str) -> None:
    """Fill a fresh database:

    - connections iiko/main, smsru/main, and smsru/spare (paused); two people; two API tokens
    - order 101: asked, delivered, with its cost; the same again as a duplicate
    - order 102: asked, refused by the provider; order 103: asked, outcome unknown
    - order 104: asked, then cancelled before the message went out; order 105: asked, still planned
    - orders 106 and 107: skipped for want of a phone, for a landline
    - one parked raw event, one that nobody has processed, two refusals at the door
    """
    pool = await database.open_pool(dsn, size=4, name="sample")
    try:
        await set_up(pool, sandbox_url)
        sample = await Sample.over(pool)
        await visits(sample, sandbox_url)
        await leftovers(sample)
        await sample.close()
    finally:
        await pool.close()


async def set_up(pool: database.Pool, sandbox_url: str) -> None:
    """Connections, people, tokens, a worker."""
    ring = KeyRing([decode_key(MASTER_KEY)])
    smsru = {"api_id": SMSRU_API_ID, "base_url": f"{sandbox_url}/smsru"}
    async with pool.acquire() as connection, connection.transaction():
        business = await connections_store.default_business(connection)
        await connections_store.ensure_place(
            connection, business, "Кофейня «Узел»", "https://reviews.example/uzel"
        )
        await connections_store.save_rules(
            connection, business, IMMEDIATE.model_dump(mode="json", exclude_defaults=True)
        )
        await messages_store.add_template(
            connection, business, "review_request", "sms", FIRST_TEMPLATE
        )
        await manage.add(connection, ring, "iiko", "main", {}, key=IIKO_KEY)
        await manage.add(
            connection, ring, "smsru", "main", smsru, key=SMSRU_KEY, rate_per_s=RATE_PER_S
        )
        spare = await manage.add(connection, ring, "smsru", "spare", smsru)
        await connections_store.set_state(connection, spare.id, "paused", "ключ не принят")
        await save_person(connection, *ADMIN, "admin")
        await save_person(connection, *OPERATOR, "operator")
        for token, scopes in ((READ_TOKEN, ["read"]), (REPLAY_TOKEN, ["read", "replay"])):
            await people_store.add_token(connection, token, fingerprint(token), scopes)
    await calls_store.beat(pool, WORKER, "sample:1")


async def visits(sample: Sample, sandbox_url: str) -> None:
    """The orders, each to where it is meant to end."""
    first = [delivery(101, "Delivered", DELIVERED_PHONE), delivery(102, "Closed", REJECTED_PHONE)]
    await sample.post("iiko", first)
    await sample.process()
    await sample.call()
    await sample.post("iiko", delivery(101, "Closed", DELIVERED_PHONE))
    reference = await sample.pool.fetchval(
        "select reference from message where phone = $1", DELIVERED_PHONE
    )
    await sample.post("smsru", receipt([reference]))
    await sample.process()
    await sample.pool.execute(
        "update message set cost_minor = 399, currency = 'RUB' where reference = $1", reference
    )
    async with httpx2.AsyncClient(base_url=sandbox_url, trust_env=False) as control:
        fault = {"connector": "smsru", "operation": "send_sms", "kind": "reset", "times": 1}
        (await control.post("/_faults", json=fault)).raise_for_status()
    await sample.post("iiko", delivery(103, "Closed", UNKNOWN_PHONE))
    await sample.process()
    await sample.call()
    for body in (
        delivery(104, "Closed", CANCELLED_PHONE),
        delivery(104, "Cancelled", CANCELLED_PHONE),
        [delivery(105, "Closed", PLANNED_PHONE), delivery(106, "Closed", None)],
        delivery(107, "Closed", "+74950000107"),
    ):
        await sample.post("iiko", body)
        await sample.process()


async def leftovers(sample: Sample) -> None:
    """What waits for somebody."""
    await sample.post("iiko", "not an event")
    await sample.process()
    await sample.post("iiko", delivery(108, "Closed", "+79990000108"))
    for _ in range(2):
        assert await sample.post("iiko", [], key="wrong") == 401
    await sample.door.save_counts(sample.pool)
