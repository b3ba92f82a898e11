"""Several operations of a sandbox behind one path."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ByRequest:
    """Several operations behind one path, told apart by `name_of(query, body, headers)`."""

    def __init__(
        self,
        doors: Mapping[str, ASGIApp],
        name_of: Callable[[Mapping[str, str], Any, Headers], str],
    ) -> None:
        self.doors = doors
        self.name_of = name_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        again = Again(receive)
        body = await again.json(scope)
        name = self.name_of(query, body, Headers(scope=scope))
        await self.doors[name](scope, again.receive, send)


class Again:
    """A request's messages, looked at and then given once more. `reset` looks for `transport`."""

    def __init__(self, receive: Receive) -> None:
        self.transport = getattr(getattr(receive, "__self__", None), "transport", None)
        self._receive = receive
        self._seen: list[Message] = []

    async def json(self, scope: Scope) -> Any:
        """The body as JSON, None where it is none."""

        async def keep() -> Message:
            self._seen.append(await self._receive())
            return self._seen[-1]

        try:
            return await Request(scope, keep).json()
        except (ValueError, RecursionError, ClientDisconnect):
            return None

    async def receive(self) -> Message:
        return self._seen.pop(0) if self._seen else await self._receive()
