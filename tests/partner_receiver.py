"""A partner whose program hears of its payments, and what makes the calls to it."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from partners_at_work import Paying, paying
from parts import RING, Sandbox, new_runner
from uzel.calls import store as calls_store
from uzel.calls.runner import Runner
from uzel.connections import store as connections_store
from uzel.connections.registry import Registry
from uzel.kit import database
from uzel.ledger.accounts import LIVE
from uzel.partners import hook_address, hooks
from uzel.partners import partner_store as store
from uzel.partners.payment import Partner, State
from uzel.partners.settings import PartnerSettings
from uzel.partners.settle import settle


def signature(secret: str, event_id: str, timestamp: int | str, body: str) -> str:
    """As the specification words it, by hand."""
    key = base64.b64decode(secret[len("whsec_") :])
    signed = f"{event_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass
class Hearing:
    """One partner with an address in the sandbox, `name` of which is its receiver."""

    paying: Paying
    registry: Registry
    runner: Runner
    sandbox: Sandbox
    name: str
    secret: str
    connection_id: int
    runners: list[Runner] = field(default_factory=list)

    @property
    def pool(self) -> database.Pool:
        return self.paying.pool

    @property
    def partner(self) -> Partner:
        return self.paying.partner

    def behave(self, **settings: Any) -> None:
        """See `miniature.Settings`; it knows our secret unless told another."""
        asked = {"name": self.name, "secrets": [self.secret], **settings}
        answer = self.sandbox.http.post("/partner_hook/_receivers", json=asked)
        assert answer.status_code == 200, answer.text

    def heard(self, *, well: bool | None = True) -> list[dict[str, Any]]:
        """What the receiver was sent, the oldest first; `well`: signed so."""
        entries = self.sandbox.http.get("/partner_hook/_deliveries").json()
        return [
            {**entry, "event": json.loads(entry["body"])}
            for entry in entries
            if entry["receiver"] == self.name and well in (None, entry["verified"])
        ]

    async def pay(self, amount: str = "1") -> str:
        """The payment's id."""
        answer = await self.paying.pay(amount)
        assert answer.status == 200, answer.body
        return str(json.loads(answer.body)[0])

    async def settle(self, payment: str, state: State, reason: str = "report") -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await settle(connection, payment, state, made_by="robot", reason=reason)

    async def set_url(self, url: str, book: str = LIVE) -> hook_address.AddressSet:
        async with self.pool.acquire() as connection, connection.transaction():
            done = await hook_address.set_address(connection, RING, self.partner.id, book, url)
        await self.registry.refresh()
        return done

    async def rotate(self) -> str:
        async with self.pool.acquire() as connection, connection.transaction():
            args = (connection, RING, self.partner.id, LIVE)
            secret, _ = await hook_address.rotate(*args)
        await self.registry.refresh()
        return secret

    async def call(self, runner: Runner | None = None) -> None:
        """Make the calls that are due, and wait for their ends."""
        mine = runner or self.runner
        await self.registry.refresh()
        await mine.pump(self.connection_id)
        while running := mine._running():
            await asyncio.wait(running)

    async def hurry(self) -> None:
        """Make what waits for its time due now, and the breaker forget."""
        await self.pool.execute(
            "update call set due_at = clock_timestamp() where connection_id = $1 "
            "and state = 'planned'",
            self.connection_id,
        )
        async with self.pool.acquire() as connection:
            await connections_store.close_breaker(connection, self.connection_id)

    async def age(self, hours: float) -> None:
        """As if so much more time had passed since everything was planned."""
        await self.pool.execute(
            "update call set created_at = created_at - make_interval(secs => $2) "
            "where connection_id = $1",
            self.connection_id,
            hours * 3600,
        )

    def new_runner(self, worker: UUID | None = None) -> Runner:
        self.runners.append(new_runner(self.pool, self.registry, worker or uuid4()))
        return self.runners[-1]

    async def deliveries(self) -> list[hooks.Delivery]:
        return await hooks.deliveries(self.pool, self.partner.id, LIVE)


@contextlib.asynccontextmanager
async def hearing(
    dsn: str, sandbox: Sandbox, money: int = 100_000, **settings: Any
) -> AsyncIterator[Hearing]:
    """A fresh partner with money, an address, and one worker that breathes."""
    name, worker = f"r{uuid4().hex}", uuid4()
    kept = PartnerSettings.model_validate(settings)
    async with paying(dsn, money, settings=kept) as it:
        registry = Registry(it.pool, RING)
        url = f"{sandbox.url}/partner_hook/{name}"
        async with it.pool.acquire() as connection, connection.transaction():
            done = await hook_address.set_address(connection, RING, it.partner.id, LIVE, url)
            row = await store.find(connection, it.partner.id)
        await registry.refresh()
        await calls_store.beat(it.pool, worker, "test")
        assert done.secret is not None and done.connection_id is not None
        known = it.partner
        it.partner = Partner(
            known.id, known.public_id, known.name, known.currency, known.book, known.account,
            PartnerSettings.model_validate(row["settings"]),
        )  # fmt: skip
        runner = new_runner(it.pool, registry, worker)
        found = Hearing(it, registry, runner, sandbox, name, done.secret, done.connection_id)
        found.behave()
        try:
            yield found
        finally:
            for mine in (runner, *found.runners):
                await mine.stop()
