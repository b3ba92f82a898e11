"""Payouts that really leave: a business with a connection of konsol.pro, against the sandbox."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parts import RING, Hub, Sandbox, open_hub, until
from uzel.calls import recover
from uzel.flows.payouts import send
from uzel.kit.database import Pool
from uzel.payouts import payout_store as store
from uzel.payouts.banks import Directory
from uzel.payouts.begin import Begun
from uzel.payouts.keys import fingerprint_key
from uzel.payouts.limits import Limits
from uzel.payouts.wish import Typed, read

CARD = "2200 7702 1272 7079"
_people = itertools.count()


@dataclass
class Payouts:
    """What a test asks for, and what the provider's journal says of it."""

    hub: Hub
    sandbox: Sandbox
    connection_id: int
    token: str
    limits: Limits

    @property
    def pool(self) -> Pool:
        return self.hub.pool

    async def pay(self, amount: str = "100.00", **fields: Any) -> Begun:
        """To a card, and to a person of its own; `phone` and `bank` in place of the card."""
        asked = {"name": f"Иванова Анна{'абвгдежз'[next(_people) % 8] * 3}", "card": CARD, **fields}
        typed = Typed(amount, asked.pop("name"), "Выплата", **asked)
        async with self.pool.acquire() as connection, connection.transaction():
            key = await fingerprint_key(connection, RING)
            wish = read(typed, self.connection_id, Directory(), key, "anna")
            return await send.begin(connection, RING, wish, self.limits)

    async def work(self) -> None:
        """Make what is due."""
        await self.hub.call()

    async def hurry(self) -> None:
        """As if much time had passed, for calls and for the breaker of the connection."""
        await self.hub.hurry()

    async def look_up(self) -> None:
        """As if a minute had passed."""
        await self.hurry()
        await self.pool.execute(
            "update call set finished_at = finished_at - interval '1 minute', "
            "started_at = started_at - interval '1 minute' where state = 'unknown'"
        )
        await recover.look_up_unknown(self.pool, self.hub.registry, self.hub.runner)

    async def row(self, begun: Begun) -> Any:
        return await store.find(self.pool, begun.public_id)

    async def states(self) -> dict[str, int]:
        rows = await self.pool.fetch(
            "select state, count(*) from payout where connection_id = $1 group by 1",
            self.connection_id,
        )
        return {row["state"]: row["count"] for row in rows}

    async def reach(self, begun: Begun, state: str) -> Any:
        """Work until a payout is there."""

        async def there() -> Any:
            await self.hurry()
            await self.work()
            row = await self.row(begun)
            return row if row["state"] == state else None

        return await until(there)

    def made(self) -> list[dict[str, Any]]:
        """The provider's payments."""
        found = self.sandbox.http.get("/konsol/_payments", params={"token": self.token}).json()
        return list(found["payments"])

    def asked(self) -> list[datetime]:
        """When each request for a payment came to the provider."""
        params = {"connector": "konsol", "operation": "create_payment"}
        entries = self.sandbox.http.get("/_journal", params=params).json()
        return [datetime.fromisoformat(entry["at"]) for entry in entries]

    def arm(self, kind: str, operation: str = "create_payment", **measure: Any) -> None:
        self.sandbox.arm_at("konsol", operation, kind, **measure)


@contextlib.asynccontextmanager
async def payouts(
    dsn: str, sandbox: Sandbox, *, rate_per_s: float = 1000.0, limits: Limits | None = None
) -> AsyncIterator[Payouts]:
    """A business of its own."""
    async with open_hub(dsn, sandbox.url, also=["konsol"], rate_per_s=rate_per_s) as hub:
        number, _ = hub.others["konsol"]
        config: Any = hub.active(number).config
        sandbox.http.delete("/_journal").raise_for_status()
        yield Payouts(hub, sandbox, number, config.token.get_secret_value(), limits or Limits())
