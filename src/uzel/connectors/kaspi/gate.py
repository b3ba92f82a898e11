"""The door that never opens for some, and which of several behind one path is meant; parts of the
sandbox.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from uzel.kit.body import at
from uzel.kit.sandbox import Desk, Entry, hold

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
        await hold(self.desk, receive)


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
