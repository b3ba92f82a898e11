"""An installation with connections to the sandbox, for tests that send single messages."""

import contextlib
import importlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from parts import OUR_URL, RING, Sandbox, new_runner
from uzel.app import Parts
from uzel.calls import store as calls_store
from uzel.calls.reach import Reach
from uzel.calls.runner import Runner
from uzel.connections import manage
from uzel.connections.grants import Grants
from uzel.connections.registry import Registry
from uzel.connections.store import default_business
from uzel.connectors import connectors
from uzel.kit import database
from uzel.kit.settings import Settings
from uzel.messaging import Messaging

FAST = 1000.0


@dataclass
class Installation:
    """One database with its connections. `sandbox` is what the providers were really asked."""

    parts: Parts
    sandbox: Sandbox
    business: int

    @property
    def pool(self) -> database.Pool:
        return self.parts.pool

    async def connect(
        self, connector: str, name: str = "main", business: int | None = None, **settings: Any
    ) -> int:
        """A connection to the provider in miniature; gives its id."""
        module = importlib.import_module(f"uzel.connectors.{connector}.sandbox")
        values = {**module.SETTINGS, "base_url": f"{self.sandbox.url}/{connector}", **settings}
        if connector == "smsru" and "api_id" not in settings:
            values["api_id"] = f"sandbox-{uuid4()}"
        given = {name: value for name, value in values.items() if value is not None}
        async with self.pool.acquire() as connection, connection.transaction():
            added = await manage.add(
                connection,
                RING,
                connector,
                name,
                given,
                business_id=business or self.business,
                rate_per_s=FAST,
            )
        await self.parts.registry.refresh()
        return added.id

    async def rules(self, **rules: Any) -> None:
        """What the business decided."""
        await self.pool.execute(
            "update business set rules = $2 where id = $1", self.business, rules
        )

    async def message(self, number: int) -> Any:
        """A message and its call."""
        return await self.pool.fetchrow(
            "select m.*, c.state as call_state, c.attempt, c.arguments, c.id as call_id "
            "from message m join call c on c.effect = 'message:' || m.id where m.id = $1",
            number,
        )

    async def worker(self) -> Runner:
        """Another process that makes calls."""
        me = uuid4()
        await calls_store.beat(self.pool, me, "test")
        return new_runner(self.pool, self.parts.registry, me)

    async def work(self, connection_id: int) -> None:
        """What a worker does that comes across this connection, its breaker forgotten and
        everything due.
        """
        await self.pool.execute(
            "update connection set state = 'active', state_reason = null where id = $1",
            connection_id,
        )
        await self.pool.execute(
            "update call_breaker set failures = 0, open_until = null where connection_id = $1",
            connection_id,
        )
        await self.pool.execute(
            "update call set due_at = clock_timestamp() where connection_id = $1 "
            "and state = 'planned'",
            connection_id,
        )
        await self.parts.registry.refresh()
        worker = await self.worker()
        await worker.pump(connection_id)
        await worker.stop()

    def asked(self, connector: str, address: str, *, effect: bool | None = None) -> list[Any]:
        """Sends that reached the provider, for this address."""
        entries = self.sandbox.http.get("/_journal", params={"connector": connector}).json()
        return [
            entry
            for entry in entries
            if entry["operation"].startswith("send")
            and address in flat(entry["request"])
            and (effect is None or entry["effect"] is effect)
        ]

    def arm(self, connector: str, operation: str, kind: str, **measure: Any) -> None:
        """Have the next request fail."""
        body = {"connector": connector, "operation": operation, "kind": kind, **measure}
        self.sandbox.http.post("/_faults", json=body).raise_for_status()


def flat(request: Mapping[str, Any]) -> list[str]:
    """All texts of a journalled request."""
    found: list[str] = []
    for value in request.values():
        found += [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return found


@contextlib.asynccontextmanager
async def installed(dsn: str, sandbox: Sandbox) -> AsyncIterator[Installation]:
    """An installation without connections."""
    pool = await database.open_pool(dsn, size=8, name="test")
    try:
        registry = Registry(pool, RING, connectors())
        await registry.refresh()
        host, port = OUR_URL.removeprefix("http://").split(":")
        settings = Settings(Path("/nowhere"), host, int(port), database_url=dsn)
        # Copied databases share theirs, and the providers remember our references.
        await pool.execute("update installation set id = $1", uuid4().hex[:12])
        business = await default_business(pool)
        reach = Reach(pool, Grants(pool, RING, OUR_URL))
        yield Installation(Parts(settings, pool, RING, registry, reach), sandbox, business)
        await reach.aclose()
    finally:
        pool.terminate()


@contextlib.asynccontextmanager
async def messaging(
    dsn: str, sandbox: Sandbox, within_s: float = 20.0
) -> AsyncIterator[tuple[Installation, Messaging]]:
    """The same, with a messenger."""
    async with installed(dsn, sandbox) as here, Messaging(here.parts, within_s=within_s) as sender:
        yield here, sender
