"""Several operations behind one path, over real sockets."""

import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from uzel.kit.dispatch import ByRequest


def named(name: str) -> ASGIApp:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        await Response(body, headers={"x-door": name})(scope, receive, send)

    return echo


def name_of(query: Mapping[str, str], body: Any, headers: Headers) -> str:
    if query.get("q") or headers.get("x-want"):
        return "asked"
    return "object" if isinstance(body, dict) else "none" if body is None else "other"


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    doors = {name: named(name) for name in ("asked", "object", "none", "other")}
    route = Route("/", lambda request: Response(), methods=["POST"])
    route.app = ByRequest(doors, name_of)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=[route]), log_level="warning"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx2.Client(base_url=url, trust_env=False) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(
    ("body", "door"),
    [
        *((b'{"a": 1}', "object"), (b"[1]", "other"), (b"", "none"), (b'{"a"', "none")),
        *((b"\xff", "none"), (b"[" * 100_000, "none"), (b'{"a": "%s"}' % (b"x" * 10**6), "object")),
    ],
)
def test_the_door_gets_the_whole_body_again(http: httpx2.Client, body: bytes, door: str) -> None:
    answered = http.post("/", content=body)
    assert (answered.headers["x-door"], answered.content) == (door, body)


def test_query_and_headers_are_looked_at_too(http: httpx2.Client) -> None:
    assert http.post("/?q=1").headers["x-door"] == "asked"
    assert http.post("/", headers={"X-Want": "1"}).headers["x-door"] == "asked"
