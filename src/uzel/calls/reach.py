"""How the connections of this process are reached: at their pace, with the access of the moment."""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import httpx2

from uzel.calls import store
from uzel.calls.window import Window
from uzel.connections.grants import Grants
from uzel.connections.registry import Active
from uzel.connector import Answer, Config, Operation
from uzel.errors import AuthFailed
from uzel.kit import database
from uzel.kit.http import new_client

# How many requests the call at hand may still make on the slot that was taken for it; None outside
# of a call.
_paid: ContextVar[list[int] | None] = ContextVar("requests paid for", default=None)
# Somebody who sets such a rate knows that the provider is another one: a sandbox.
FAR_ABOVE = 10


def pay_for_one() -> None:
    """The first request of the call at hand has its slot; further ones take one each."""
    _paid.set([1])


class Paced(httpx2.AsyncBaseTransport):
    """A transport that takes a slot of the connection's limiter, in the database, for each request
    which has none yet. Lookups, tests and second requests of an operation count like calls.
    """

    def __init__(self, pool: database.Pool, active: Active, inner: httpx2.AsyncBaseTransport):
        self._pool = pool
        self._id = active.id
        self._rate_per_s = active.rate_per_s
        self._inner = inner
        most = active.connector.most_per_s
        strict = most is not None and active.rate_per_s <= FAR_ABOVE * most
        self._window = Window(pool, active.id, most) if most is not None and strict else None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        paid = _paid.get()
        if paid and paid[0] > 0:
            paid[0] -= 1
        else:
            await asyncio.sleep(await store.take_slot(self._pool, self._id, self._rate_per_s))
        if self._window is None:
            return await self._inner.handle_async_request(request)
        passage = await self._window.enter()
        try:
            return await self._inner.handle_async_request(request)
        finally:
            await self._window.leave(passage)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Reach:
    """Clients and settings of connections."""

    def __init__(self, pool: database.Pool, grants: Grants) -> None:
        self._pool = pool
        self.grants = grants
        self._clients: dict[tuple[int, str, float], httpx2.AsyncClient] = {}

    def client(self, active: Active) -> httpx2.AsyncClient:
        """The HTTP client of a connection, kept as long as its address and rate stay."""
        base_url = str(getattr(active.config, "base_url", ""))
        key = (active.id, base_url, active.rate_per_s)
        if key not in self._clients:
            self._clients[key] = new_client(
                base_url, lambda inner: Paced(self._pool, active, inner)
            )
        return self._clients[key]

    async def config(self, active: Active) -> Config:
        """The settings with the access token of the moment; raises as `Grants.config_of`."""
        return await self.grants.config_of(active, self.client(active))

    async def ask(
        self, active: Active, operation: Operation, arguments: Mapping[str, Any]
    ) -> Answer:
        """Run an operation. Once more with renewed access where the provider refuses what we have:
        a refused request had no effect. Raises CallFailed, ConfigError.
        """
        http, config = self.client(active), await self.config(active)
        try:
            return await operation.run(http, config, arguments)
        except AuthFailed:
            if not await self.grants.distrust(active, config):
                raise
        return await operation.run(http, await self.config(active), arguments)

    async def aclose(self) -> None:
        """Close all clients."""
        for client in self._clients.values():
            await client.aclose()
