"""How the connections of this process are reached: at their pace, with the access of the moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar

import httpx2

from uzel.calls import store, vault
from uzel.calls.window import Window
from uzel.connections.grants import Grants
from uzel.connections.registry import Active
from uzel.connector import Answer, Config, Operation
from uzel.errors import AuthFailed, Unavailable
from uzel.kit import database
from uzel.kit.http import new_client
from uzel.kit.http_transport import LAST_LOOK, Look

T = TypeVar("T")
# How many requests the call at hand may still make on the slot that was taken for it; None outside
# of a call.
_paid: ContextVar[list[int] | None] = ContextVar("requests paid for", default=None)
# How old a list may be that a person chooses from: as long as they need from page to page.
LATELY_S = 30.0
# Between two looks at a line that is full.
AGAIN_S = 0.02
# Somebody who sets such a rate knows that the provider is another one: a sandbox.
FAR_ABOVE = 10


# What is asked right before each request of the call at hand.
_look: ContextVar[Look | None] = ContextVar("last look", default=None)


def pay_for_one(look: Look | None = None) -> None:
    """The first request of the call at hand has its slot; further ones take one each. `look` is
    awaited right before the first byte of each.
    """
    _paid.set([1])
    _look.set(look)


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
            await self._wait_in_line()
        if (look := _look.get()) is not None:
            request.extensions = {**request.extensions, LAST_LOOK: look}
        if self._window is None:
            return await self._inner.handle_async_request(request)
        passage = await self._window.enter()
        try:
            return await self._inner.handle_async_request(request)
        finally:
            await self._window.leave(passage)

    async def _wait_in_line(self) -> None:
        taken = False
        while not taken:
            taken, wait_s = await store.take_slot(self._pool, self._id, self._rate_per_s)
            await asyncio.sleep(wait_s if taken else wait_s + AGAIN_S)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Reach:
    """Clients and settings of connections."""

    def __init__(self, pool: database.Pool, grants: Grants) -> None:
        self._pool = pool
        self.grants = grants
        self._clients: dict[tuple[int, str, float], httpx2.AsyncClient] = {}
        self._lately: dict[tuple[int, str], tuple[float, Answer]] = {}

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
        """The settings with the access token of the moment; raises as `Grants.config_of`, and
        Unavailable where the database cannot be asked for it.
        """
        try:
            return await self.grants.config_of(active, self.client(active))
        except database.PASSING as error:
            raise Unavailable(f"access cannot be read: {type(error).__name__}") from error

    async def ask(
        self, active: Active, operation: Operation, arguments: Mapping[str, Any]
    ) -> Answer:
        """Run an operation. Once more with renewed access where the provider refuses what we have:
        a refused request had no effect. Raises CallFailed, ConfigError.
        """
        if not operation.repeatable:
            self.forget(active.id)
        http = self.client(active)
        plain = await self._opened(operation, arguments)
        return await self._with_access(active, lambda c: operation.run(http, c, plain))

    async def ask_lately(
        self, active: Active, operation: Operation, arguments: Mapping[str, Any]
    ) -> Answer:
        """The answer to a read of up to `LATELY_S` ago, else as `ask`: for lists that a person
        chooses from on one page after another.
        """
        base_url = str(getattr(active.config, "base_url", ""))
        key = (active.id, f"{base_url} {operation.name} {sorted(arguments.items())}")
        known = self._lately.get(key)
        if known is not None and time.monotonic() - known[0] < LATELY_S:
            return known[1]
        begun = time.monotonic()
        answer = await self.ask(active, operation, arguments)
        self._lately[key] = (begun, answer)
        return answer

    def forget(self, connection_id: int) -> None:
        """What was read lately is no longer so: something changes there."""
        self._lately = {key: it for key, it in self._lately.items() if key[0] != connection_id}

    async def look_up(
        self, active: Active, operation: Operation, effect: str, arguments: Mapping[str, Any]
    ) -> Answer | None:
        """Whether a call happened; see `Operation`. Access is renewed as for `ask`. Raises
        CallFailed, ConfigError.
        """
        find, http = operation.look_up, self.client(active)
        assert find is not None
        return await self._with_access(active, lambda c: find(http, c, effect, arguments))

    async def _opened(
        self, operation: Operation, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        try:
            return await vault.opened(self._pool, self.grants.ring, operation, arguments)
        except database.PASSING as error:
            raise Unavailable(f"the vault cannot be read: {type(error).__name__}") from error

    async def _with_access(self, active: Active, ask: Callable[[Config], Awaitable[T]]) -> T:
        config = await self.config(active)
        try:
            return await ask(config)
        except AuthFailed as error:
            if not await self.grants.distrust(active, config, error):
                raise
        return await ask(await self.config(active))

    async def aclose(self) -> None:
        """Wait for renewals under way, and close all clients."""
        await self.grants.close()
        for client in self._clients.values():
            await client.aclose()
