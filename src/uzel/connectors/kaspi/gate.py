"""The door that never opens for some, and the one behind which there are several; parts of the
sandbox.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from uzel.kit.body import at
from uzel.kit.sandbox import LONGEST_HOLD_S, Desk, Entry, disconnected, reset

# What libraries and tools call themselves unless somebody tells them to say who asks.
LIBRARIES = re.compile(
    r"(python-(httpx2?|requests|urllib3?)|Python/|aiohttp|curl|Wget|Go-http-client|okhttp|axios|"
    r"node(-fetch)?\b|undici|Java/|Apache-HttpClient|GuzzleHttp|PostmanRuntime|Ruby|libwww-perl)",
    re.IGNORECASE,
)


def is_heard(agent: str) -> bool:
    """Whether Kaspi answers a request with this User-Agent. Live, a browser's was answered and none
    was not; programs with a name of their own are said to be answered too.
    """
    return bool(agent.strip()) and not LIBRARIES.match(agent.strip())


class Gate:
    """Leaves a request without an answer until its client gives up, unless it says who asks."""

    def __init__(
        self, desk: Desk, operation: str, behind: ASGIApp, hangs: Callable[[], bool]
    ) -> None:
        self.desk = desk
        self.operation = operation
        self.behind = behind
        self.hangs = hangs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        agent = Headers(scope=scope).get("user-agent", "")
        if is_heard(agent) or not self.hangs():
            await self.behind(scope, receive, send)
            return
        entry = Entry(
            at=datetime.now(UTC),
            connector=self.desk.connector,
            operation=self.operation,
            method=scope["method"],
            path=scope["path"],
            status=None,
            request={"user_agent": agent},
            fault=None,
            effect=False,
        )
        self.desk.journal.append(entry)
        await self._hold(receive)

    async def _hold(self, receive: Receive) -> None:
        left = asyncio.ensure_future(disconnected(receive))
        closing = asyncio.ensure_future(self.desk.closing.wait())
        await asyncio.wait(
            {left, closing}, timeout=LONGEST_HOLD_S, return_when=asyncio.FIRST_COMPLETED
        )
        gone = left.done()
        left.cancel()
        closing.cancel()
        if not gone:
            await reset(receive)


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


def read_name(query: Mapping[str, str], body: Any, headers: Headers) -> str:
    """`GET /orders`: a search by number, the look of the test button, or a list."""
    if query.get("filter[orders][code]"):
        return "order"
    return "check" if query.get("page[size]") == "1" else "orders"


def change_name(query: Mapping[str, str], body: Any, headers: Headers) -> str:
    """`POST /orders`: by the status that is asked for."""
    status = at(body, "data", "attributes", "status")
    if status == "COMPLETED":
        return "complete" if headers.get("x-security-code") else "send_code"
    names = {"ACCEPTED_BY_MERCHANT": "accept", "ASSEMBLE": "assemble", "CANCELLED": "cancel"}
    return names.get(status, "change") if isinstance(status, str) else "change"
