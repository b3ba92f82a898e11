"""vtiger, in front of a real server of its protocol: requests are journalled, fail on request, and
else go on to the server that was named. There is no second registry here: Uzel itself has one, with
`/webservice.php` (`uzel registry`).

    GET    /_server               → {"url": where requests go on to, or null}
    POST   /_server  {"url": …}   a server, without /webservice.php
    DELETE /_server               nowhere

Until a server is named everything is answered by 503. `SETTINGS` and `EXAMPLES` are for a server
that has such an account, session and records (`examples`).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from uzel.connectors.vtiger.api import SCRIPT
from uzel.connectors.vtiger.capture import PATH as FORM
from uzel.connectors.vtiger.examples import EXAMPLES, SETTINGS
from uzel.kit.control import answer, taking
from uzel.kit.credentials import HIDDEN, is_credential
from uzel.kit.sandbox import Asked, Desk

__all__ = ["EXAMPLES", "SETTINGS", "routes"]

# As the journal calls them → as they are asked for, in small letters.
OPERATIONS = {
    **{
        name: name
        for name in (
            *("getchallenge", "login", "listtypes", "describe", "create", "retrieve", "update"),
            *("revise", "delete", "query", "sync"),
        )
    },
    "get_files_list": "getfileslist",
    "create_contact": "createcontact",
    "create_account": "createaccount",
    "create_project": "createproject",
}
READS = frozenset(
    {"getchallenge", "login", "listtypes", "describe", "retrieve", "query", "sync"}
    | {"get_files_list"}
)
CAPTURE = "capture"
PASSED_ON = ("content-type", "accept")
NOWHERE = "the sandbox has no server of vtiger behind it: POST /vtiger/_server names one"


class ServerAsked(BaseModel):
    """The body of `POST /_server`."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^https?://[^\s?#]+$", max_length=500)


class OperationRoute(Route):
    """One of the operations that share an address: the query says which."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a route that has the operation in its path."""
        said = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        if said.get("operation", "").lower() != OPERATIONS[self.name]:
            return Match.NONE, {}
        return super().matches(scope)


def routes(desk: Desk) -> list[BaseRoute]:
    """All operations, the web form, and the door that names the server."""
    relay = Relay(desk)
    return [
        Route("/_server", relay.tell),
        taking("/_server", ServerAsked, relay.name),
        Route("/_server", relay.forget, methods=["DELETE"]),
        *(relay.route(name) for name in OPERATIONS),
        desk.route(FORM, CAPTURE, relay.handler(CAPTURE), describe=described),
    ]


class Relay:
    """The server behind."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.url: str | None = None

    def route(self, name: str) -> Route:
        """One operation at the address of all of them."""
        plain = self.desk.route(
            SCRIPT, name, self.handler(name), methods=("GET", "POST"), describe=described
        )
        return OperationRoute(plain.path, plain.endpoint, methods=["GET", "POST"], name=plain.name)

    def handler(self, name: str) -> Callable[[Asked], Awaitable[Response]]:
        """Has the server answer. An effect is what it says it has done."""

        async def handle(asked: Asked) -> Response:
            if self.url is None:
                return PlainTextResponse(NOWHERE, 503)
            try:
                said = await self.passed_on(self.url, asked)
            except httpx2.HTTPError as error:
                return PlainTextResponse(f"{self.url}: {type(error).__name__}", 502)
            asked.effect = name not in READS and is_done(said)
            kept = {
                name: it for name in ("content-type", "location") if (it := said.headers.get(name))
            }
            return Response(said.content, said.status_code, kept)

        return handle

    async def passed_on(self, url: str, asked: Asked) -> httpx2.Response:
        """The server's answer."""
        path = FORM if asked.path.endswith(FORM) else SCRIPT
        headers = {name: asked.headers[name] for name in PASSED_ON if name in asked.headers}
        return await self.desk.http.request(
            asked.method,
            f"{url}{path}" + (f"?{asked.query}" if asked.query else ""),
            content=asked.body,
            headers=headers,
            follow_redirects=False,
        )

    async def tell(self, request: Request) -> Response:
        return answer({"url": self.url})

    async def name(self, asked: ServerAsked) -> Response:
        self.url = asked.url.rstrip("/").removesuffix(SCRIPT)
        return answer({"url": self.url})

    async def forget(self, request: Request) -> Response:
        self.url = None
        return answer({"url": None})


def is_done(said: httpx2.Response) -> bool:
    """Whether the server says that it has done what was asked."""
    if said.status_code in (301, 302, 303):
        return "success=ok" in said.headers.get("location", "")
    try:
        found = orjson.loads(said.content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and found.get("success") is True


def described(asked: Asked) -> Mapping[str, Any]:
    """The journal's `request`: all fields, with those hidden that open something."""
    return {name: HIDDEN if is_credential(name) else value for name, value in asked.fields.items()}
