"""Parts of an installation in one process, for tests that say themselves what runs when.

Every `Hub` is a business of its own with one iiko and one SMS.ru connection, and more where a test
asks for them (`also`), so many can share one database; the sandbox is the real one, over HTTP.
"""

import asyncio
import contextlib
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest

from uzel.app import GUARDS, flows, owners
from uzel.calls import store as calls_store
from uzel.calls.plan import Plan, plan
from uzel.calls.reach import Reach
from uzel.calls.runner import Runner
from uzel.connections import manage
from uzel.connections import store as connections_store
from uzel.connections.registry import Active, Registry
from uzel.connector import Answer, Config, Operation
from uzel.connectors.smsru.miniature import Settings
from uzel.connectors.smsru.webhook import signature
from uzel.events.door import Door, Reply, Request
from uzel.events.process import Processor
from uzel.events.receive import Receiver
from uzel.kit import database
from uzel.kit.http import new_client
from uzel.kit.secrets import KeyRing
from uzel.messages.store import add_template
from uzel.model.rules import IMMEDIATE
from uzel.sandbox.server import running, sandboxes

Result = TypeVar("Result")
WAIT_S = 30.0
RING = KeyRing([b"tests only: not a secret at all!"])
ORGANIZATION = "6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10"
# Where our own pages are, as far as texts tell.
OUR_URL = "http://127.0.0.1:8000"
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
# Nothing is waited for; see `Hub.set_rules`.
OPEN = IMMEDIATE.model_dump(mode="json", exclude_defaults=True)
TEMPLATE = "Спасибо, {name}! Как вам {place}? {link}"
_numbers = itertools.count()
# Without those by which sandboxes are told what to do: Meta's `0026`, Exolve's `99` at the end.
_phones = (number for number in itertools.count(100) if number % 100 < 94)


def go(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine function in a loop of its own, with a limit for what never ends."""

    async def limited() -> Result:
        async with asyncio.timeout(4 * WAIT_S):
            return await work()

    return asyncio.run(limited())


async def until(
    holds: Callable[[], Coroutine[Any, Any, Result]], within_s: float = WAIT_S
) -> Result:
    """Wait until `await holds()` is true and give its value; the limit is for what never comes."""
    async with asyncio.timeout(within_s):
        while not (found := await holds()):
            await asyncio.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def module_dsn(server_dsn: str, template_database: str) -> Iterator[str]:
    """One fresh, migrated database for all tests of a file."""
    from conftest import in_database

    name = f"uzel_parts_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_execute(server_dsn, f"create database {name} template {template_database}"))
    yield in_database(server_dsn, name)
    asyncio.run(_execute(server_dsn, f"drop database if exists {name} with (force)"))


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class Direct(Reach):
    """Connections that no database knows, reached without a limiter."""

    def __init__(self) -> None:
        pass

    def client(self, active: Active) -> httpx2.AsyncClient:
        return new_client(str(getattr(active.config, "base_url", "")))

    async def config(self, active: Active) -> Config:
        assert active.config is not None
        return active.config

    async def ask(
        self, active: Active, operation: Operation, arguments: Mapping[str, Any]
    ) -> Answer:
        async with self.client(active) as http:
            return await operation.run(http, active.config, arguments)


@dataclass(frozen=True)
class Sandbox:
    """The providers in miniature, and what they were really asked."""

    url: str
    http: httpx2.Client

    def reset(self) -> None:
        """As it was in the beginning, but for its accounts; doubles are not swallowed."""
        self.http.delete("/_faults").raise_for_status()
        settings = {**Settings().model_dump(), "repeat_protection": False}
        self.http.post("/smsru/_settings", json=settings).raise_for_status()

    def arm(self, kind: str, operation: str = "send_sms", **measure: Any) -> None:
        """Have the next request fail."""
        self.arm_at("smsru", operation, kind, **measure)

    def arm_at(self, connector: str, operation: str, kind: str, **measure: Any) -> None:
        """The same at another provider."""
        body = {"connector": connector, "operation": operation, "kind": kind, **measure}
        self.http.post("/_faults", json=body).raise_for_status()

    def sent(self, *phones: str, effect: bool | None = None) -> list[dict[str, Any]]:
        """Texts it was asked to send, to these phones."""
        params = {"connector": "smsru", "operation": "send_sms"}
        entries = self.http.get("/_journal", params=params).json()
        return [
            entry
            for entry in entries
            if (not phones or entry["request"].get("phone") in phones)
            and (effect is None or entry["effect"] is effect)
        ]


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    """One sandbox for the whole run."""
    with running() as url, httpx2.Client(base_url=url, timeout=WAIT_S, trust_env=False) as http:
        yield Sandbox(url, http)


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """The sandbox without faults."""
    sandbox_server.reset()
    return sandbox_server


def new_runner(pool: database.Pool, registry: Registry, worker: UUID) -> Runner:
    """What makes calls, as the worker process puts it together."""
    return Runner(pool, registry, owners(registry, OUR_URL), worker, GUARDS)


def new_phone() -> str:
    """A phone no other test uses."""
    return f"+7999{os.getpid() % 1000:03d}{next(_phones):04d}"


def visit(
    order: str,
    status: str = "Closed",
    phone: str | None = "+79990000001",
    minute: float = 0,
    organization: str = ORGANIZATION,
    name: str = "Айгуль",
    **more: Any,
) -> dict[str, Any]:
    """One DeliveryOrderUpdate (iiko OpenAPI, x-webhooks), `minute` minutes after START. `more`: of
    the order itself.
    """
    at = START + timedelta(minutes=minute)
    return {
        "eventType": "DeliveryOrderUpdate",
        "eventTime": f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}",
        "organizationId": organization,
        "correlationId": str(uuid4()),
        "eventInfo": {
            "id": order,
            "organizationId": organization,
            "order": {
                "phone": phone,
                "status": status,
                "customer": {"name": name},
                "number": 7,
                **more,
            },
        },
    }


def report(api_id: str, *records: tuple[str, int, int]) -> bytes:
    """Delivery reports of SMS.ru (sms.ru/api/callback), signed: (sms_id, code, UNIX time)."""
    lines = [f"sms_status\n{sms_id}\n{code}\n{time}" for sms_id, code, time in records]
    fields = {f"data[{index}]": line for index, line in enumerate(lines)}
    return str(httpx2.QueryParams({**fields, "hash": signature(api_id, lines)})).encode()


@dataclass
class Hub:
    """One business and the parts that serve it. `door` and `processor` know all businesses.

    others  connector → (id, webhook key) of the connections beside iiko's and SMS.ru's
    """

    pool: database.Pool
    registry: Registry
    business: int
    iiko: int
    iiko_key: str
    smsru: int
    smsru_key: str
    api_id: str
    door: Door
    processor: Processor
    runner: Runner
    worker: UUID
    others: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    runners: list[Runner] = field(default_factory=list)

    @property
    def connections(self) -> list[int]:
        """The ids of all its connections."""
        return [self.iiko, self.smsru, *(number for number, _ in self.others.values())]

    def active(self, connection_id: int) -> Active:
        """One of its connections, as flows see it."""
        found = self.registry.get(connection_id)
        assert found is not None
        return found

    async def set_rules(self, *, place: Mapping[str, Any] | None = None, **rules: Any) -> None:
        """Decide these otherwise than `IMMEDIATE` does; `place`: what the places decide."""
        await self.pool.execute(
            "update business set rules = $2 where id = $1", self.business, {**OPEN, **rules}
        )
        if place is not None:
            await self.pool.execute(
                "update place set rules = $2 where business_id = $1", self.business, dict(place)
            )

    def new_runner(self, worker: UUID | None = None) -> Runner:
        """Another process, as far as calls are concerned."""
        self.runners.append(new_runner(self.pool, self.registry, worker or uuid4()))
        return self.runners[-1]

    async def post(
        self, body: object, connector: str = "iiko", headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> Reply:
        """What the door answers to a provider's request."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        keys = {name: key for name, (_, key) in self.others.items()}
        key = {"iiko": self.iiko_key, "smsru": self.smsru_key, **keys}[connector]
        return await self.door.enter(Request(connector, headers, f"key={key}", data, "192.0.2.7"))

    async def process(self, *ids: int) -> None:
        """Understand these raw events, or all that wait."""
        rows = await self.pool.fetch(
            "select id from raw_event where state = 'received' and connection_id = any($1) "
            "order by id",
            self.connections,
        )
        if found := list(ids) or [row["id"] for row in rows]:
            await self.processor.process(found)

    async def call(self) -> None:
        """Make the calls that are due, and wait for their ends."""
        for number in self.connections:
            if self.active(number).connector.operations:
                await self.runner.pump(number)
        while running := self.runner._running():
            await asyncio.wait(running)

    async def messages(self, *phones: str) -> list[Any]:
        """The business's messages, oldest first."""
        return await self.pool.fetch(
            "select m.*, c.id as call_id, c.state as call_state, c.attempt, c.error_class, "
            "c.due_at, c.history, c.detail from message m join call c "
            "on c.effect = 'message:' || m.id where m.business_id = $1 "
            "and ($2::text[] = '{}' or m.phone = any($2::text[])) order by m.id",
            self.business,
            list(phones),
        )

    async def events(self) -> list[Any]:
        """The domain events of the business's connections, oldest first."""
        return await self.pool.fetch(
            "select * from event where connection_id = any($1) order by raw_event_id, position",
            self.connections,
        )

    async def plan_text(self, phone: str, text: str = "hello") -> int:
        """A message and its planned call; gives the call's id."""
        async with self.pool.acquire() as connection, connection.transaction():
            message = await connection.fetchval(
                "insert into message (business_id, connection_id, purpose, origin, channel, phone, "
                "address, body, encoding, segments) "
                "values ($1, $2, 'test', $3, 'sms', $4, $4, $5, 'gsm', 1) "
                "returning id",
                self.business,
                self.smsru,
                f"test:{uuid4()}",
                phone,
                text,
            )
            effect = f"message:{message}"
            arguments = {"phone": phone, "text": text}
            await plan(connection, [Plan(self.smsru, "send_sms", arguments, effect)])
            found: int = await connection.fetchval("select id from call where effect = $1", effect)
            return found

    async def call_row(self, call_id: int) -> Any:
        """One row of the journal of calls."""
        return await self.pool.fetchrow("select * from call where id = $1", call_id)

    async def hurry(self) -> None:
        """Make everything that waits for its time due now, and the breaker forget."""
        await self.pool.execute(
            "update call set due_at = clock_timestamp() where connection_id = any($1)",
            self.connections,
        )
        async with self.pool.acquire() as connection:
            for number in self.connections:
                await connections_store.close_breaker(connection, number)

    async def close(self) -> None:
        """End in good order."""
        for runner in (self.runner, *self.runners):
            await runner.stop()


@contextlib.asynccontextmanager
async def open_hub(
    dsn: str,
    sandbox_url: str,
    *,
    rate_per_s: float = 1000.0,
    gap_days: int = 30,
    template: str | None = TEMPLATE,
    place: bool = True,
    pool: database.Pool | None = None,
    also: Sequence[str] = (),
) -> AsyncIterator[Hub]:
    """A fresh business with its connections, ready to work. `pool`: share another hub's; `also`:
    connectors to have one connection each of, beside iiko and SMS.ru.
    """
    own = pool or await database.open_pool(dsn, size=8, name="test")
    try:
        hub = await make_hub(own, sandbox_url, rate_per_s, gap_days, template, place, also)
        try:
            yield hub
        finally:
            await hub.close()
    finally:
        if pool is None:
            own.terminate()


async def make_hub(
    pool: database.Pool,
    sandbox_url: str,
    rate_per_s: float,
    gap_days: int,
    template: str | None,
    place: bool,
    also: Sequence[str] = (),
) -> Hub:
    """Write a business down and put the parts together."""
    name, api_id, worker = uuid4().hex[:12], f"sandbox-{uuid4()}", uuid4()
    async with pool.acquire() as connection, connection.transaction():
        business = await connection.fetchval(
            "insert into business (name, request_gap_days, rules) values ($1, $2, $3) returning id",
            name,
            gap_days,
            OPEN,
        )
        if place:
            await connections_store.ensure_place(
                connection, business, "Кофейня", "https://reviews.example/1"
            )
        if template is not None:
            await add_template(connection, business, "review_request", "sms", template)
        iiko = await manage.add(connection, RING, "iiko", name, {}, business_id=business)
        smsru = await manage.add(
            connection,
            RING,
            "smsru",
            name,
            {"api_id": api_id, "base_url": f"{sandbox_url}/smsru"},
            business_id=business,
            rate_per_s=rate_per_s,
        )
        others = [
            await manage.add(
                connection,
                RING,
                connector,
                name,
                settings_of(connector, sandbox_url),
                business_id=business,
                rate_per_s=rate_per_s,
            )
            for connector in also
        ]
    registry = Registry(pool, RING)
    await registry.refresh()
    await calls_store.beat(pool, worker, "test")
    assert iiko.key is not None and smsru.key is not None
    return Hub(
        pool,
        registry,
        business,
        iiko.id,
        iiko.key,
        smsru.id,
        smsru.key,
        api_id,
        Door(registry, Receiver(pool, RING)),
        Processor(pool, registry, flows(registry, OUR_URL)),
        new_runner(pool, registry, worker),
        worker,
        {name: (added.id, added.key or "") for name, added in zip(also, others, strict=True)},
    )


def settings_of(connector: str, sandbox_url: str) -> dict[str, Any]:
    """Settings by which a connection works against the sandbox, as an account of its own."""
    given: dict[str, Any] = dict(sandboxes()[connector].SETTINGS)
    own: dict[str, dict[str, Any]] = {
        "amocrm": {"access_token": f"token-{uuid4()}"},
        "kaspi": {"token": f"shop-{uuid4()}"},
        "konsol": {"token": f"konsol-{uuid4()}"},
        "exolve": {"api_key": f"key-{uuid4()}", "whatsapp_unverified": False},
        "meta": {"phone_number_id": f"1{uuid4().int % 10**14:014d}"},
    }
    if "base_url" in manage.find_connector(connector).config.model_fields:
        given["base_url"] = f"{sandbox_url}/{connector}"
    return {**given, **own.get(connector, {})}
