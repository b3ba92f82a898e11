"""A partner's program that webhooks go to, and what delivers them: there is no worker beside a
running web process.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from loopback import Got, Said
from partner_client import LIVE, Client
from running_web import WebApp
from uzel.app import GUARDS, owners
from uzel.calls import store as calls_store
from uzel.calls.runner import Runner
from uzel.connections.registry import Registry
from uzel.partners import hook_address


@dataclass
class Shop:
    """The program; `status` and `body` are what it answers."""

    url: str = ""
    status: int = 200
    body: bytes = b"so be it"
    got: list[Got] = field(default_factory=list)

    def answer(self, got: Got) -> Said:
        self.got.append(got)
        return self.status, {}, self.body

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(got.body) for got in self.got]


def hook(app: WebApp, it: Client, url: str, book: str = LIVE) -> int:
    """The connection of a new address."""

    async def work() -> int:
        async with app.deps.pool.acquire() as connection, connection.transaction():
            args = (connection, app.deps.registry.ring, it.id, book, url)
            done = await hook_address.set_address(*args)
        assert done.connection_id is not None
        return done.connection_id

    return app.run(work)


def deliver(app: WebApp, connection_id: int) -> None:
    """Make the calls that are due."""

    async def work() -> None:
        pool, worker = app.deps.pool, uuid4()
        registry = Registry(pool, app.deps.registry.ring)
        await registry.refresh()
        await calls_store.beat(pool, worker, "test")
        runner = Runner(pool, registry, owners(registry, ""), worker, GUARDS)
        await runner.pump(connection_id)
        while running := runner._running():
            await asyncio.wait(running)
        await runner.stop()

    app.run(work)
