"""A company that pays people through a running web process, and how its programs speak to it."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson

from running_web import WebApp, running_web
from uzel.app import GUARDS, owners
from uzel.calls import store as calls_store
from uzel.calls.runner import Runner
from uzel.connections import manage
from uzel.connections.registry import Registry
from uzel.payouts.programs import door, door_store
from uzel.people.manage import add_token
from uzel.people.scopes import PAYOUTS_READ, PAYOUTS_WRITE
from uzel.sandbox.server import running

SCOPES = [PAYOUTS_READ, PAYOUTS_WRITE]
CARD_NUMBER = "2200770212727079"
PERSON = {"last_name": "Иванова", "first_name": "Анна"}
DUE = (
    "select exists (select 1 from call where connection_id = any($1) and state = 'planned' "
    "and due_at <= now())"
)
NUMBERS = itertools.count(1)


def numbers(answer: httpx2.Response) -> Any:
    """JSON with exact numbers."""
    import json

    return json.loads(answer.content, parse_float=Decimal)


@dataclass
class Company:
    """A company at the provider's sandbox, its connection, and a token that is good for it."""

    app: WebApp
    sandbox_url: str
    name: str
    connection_id: int
    key: str
    token: str

    def ask(
        self, method: str, path: str, json: Any = None, key: str | None = None, **more: Any
    ) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if key is not None:
            headers["idempotency-key"] = key
        if json is not None:
            more["content"] = orjson.dumps(json, default=str)
            headers["content-type"] = "application/json"
        return self.app.client.request(method, f"/konsol{path}", headers=headers, **more)

    def pay(self, key: str | None = None, **fields: Any) -> httpx2.Response:
        """A card, unless fields say otherwise."""
        return self.ask("POST", "/payments", by_card(**fields), key)

    def data(self, method: str, path: str, json: Any = None) -> Any:
        """The data of an answer that has to be good."""
        answer = self.ask(method, path, json)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def work(self) -> None:
        """Make every call that is due."""

        async def done() -> None:
            pool, worker = self.app.deps.pool, uuid4()
            registry = Registry(pool, self.app.deps.ring)
            await registry.refresh()
            await calls_store.beat(pool, worker, "test")
            runner = Runner(pool, registry, owners(registry, ""), worker, GUARDS)
            ours = [self.connection_id]
            for row in await door_store.receivers(pool, self.connection_id):
                ours.append(row["receiver_id"])
            while await pool.fetchval(DUE, ours):  # what follows from a call is a call
                for number in ours:
                    await runner.pump(number)
                while under_way := runner._running():
                    await asyncio.wait(under_way)
            await runner.stop()

        self.app.run(done)

    def hurry(self) -> None:
        """What waits for its time is due."""
        hurry = "update call set due_at = now() where state = 'planned'"
        self.app.run(lambda: self.app.deps.pool.execute(hurry))

    def books(self) -> list[dict[str, Any]]:
        """The provider's payments, by its own word."""
        answer = httpx2.get(f"{self.sandbox_url}/konsol/_payments?token={self.name}")
        return list(answer.json()["payments"])

    def told(self, name: str, status: str) -> None:
        """The provider has a payment so from now on, and tells nobody."""
        answer = httpx2.post(
            f"{self.sandbox_url}/konsol/_payments/{name}",
            json={"token": self.name, "status": status, "silent": True},
        )
        assert answer.status_code == 200, answer.text

    def value(self, query: str, *args: Any) -> Any:
        return self.app.run(lambda: self.app.deps.pool.fetchval(query, *args))

    def allow_nameless(self) -> None:
        async def work() -> None:
            async with self.app.deps.pool.acquire() as connection, connection.transaction():
                await door_store.lock(connection, self.connection_id)
                await door_store.set_nameless(connection, self.connection_id, True)

        self.app.run(work)

    def secret(self) -> str:
        async def work() -> str:
            async with self.app.deps.pool.acquire() as connection, connection.transaction():
                return await door.secret_of(connection, self.app.deps.ring, self.connection_id)

        return self.app.run(work)


def by_card(**fields: Any) -> dict[str, Any]:
    """A body as the documentation has it, and whom it is for."""
    body = {
        "amount": 1000.00,
        "currency": "RUB",
        "description": "Оплата услуг",
        "payment_type": "card_payment",
        "card_number": CARD_NUMBER,
        "user_id": 123456789,
        "external_id": f"order_{next(NUMBERS)}",
        "metadata": {"order_id": "123", "product": "premium"},
        "recipient": PERSON,
    }
    return without_none(body | fields)


def by_phone(**fields: Any) -> dict[str, Any]:
    target = {
        "payment_type": "phone_payment",
        "card_number": None,
        "phone_number": "+79991234567",
        "bank": "Сбербанк",
    }
    return by_card(**(target | fields))


def without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def add_company(app: WebApp, sandbox_url: str, *, scopes: list[str] | None = None) -> Company:
    """A company of its own, with a token for it alone."""
    name = f"company-{uuid4().hex[:12]}"

    async def work() -> Company:
        async with app.deps.pool.acquire() as connection, connection.transaction():
            settings = {"token": name, "base_url": f"{sandbox_url}/konsol", "timeout_s": 2}
            added = await manage.add(
                connection, app.deps.ring, "konsol", name, settings, rate_per_s=500
            )
            token = await add_token(connection, name, scopes or SCOPES, added.id)
        await app.deps.registry.refresh()
        await app.deps.door._registry.refresh()
        return Company(app, sandbox_url, name, added.id, added.key or "", token)

    return app.run(work)


@contextlib.contextmanager
def payout_web(dsn: str, data_dir: Path) -> Iterator[tuple[WebApp, str]]:
    """(an installation, the sandbox's address)."""
    with running() as sandbox_url, running_web(dsn, data_dir) as app:
        yield app, sandbox_url
