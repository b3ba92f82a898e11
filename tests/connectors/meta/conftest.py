"""The sandbox, a number of one's own in it, a hook that collects, a server that answers at will."""

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.meta import CONNECTOR
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.doors import Settings
from uzel.connectors.meta.sandbox import SETTINGS
from uzel.connectors.meta.webhook import challenge
from uzel.errors import SignatureInvalid
from uzel.kit.http import new_client
from uzel.sandbox.server import running

Run = Callable[[MetaConfig, str, Mapping[str, Any]], Answer]
numbers = count(106_600_000_000_001)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    with httpx2.Client(base_url=sandbox) as http:
        http.delete("/_faults").raise_for_status()
        http.delete("/_journal").raise_for_status()
        http.post("/meta/_settings", json=Settings().model_dump()).raise_for_status()
        yield http


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> MetaConfig:
    """A number that no other test has used."""
    own = {"phone_number_id": str(next(numbers)), "base_url": f"{sandbox}/meta"}
    return MetaConfig.model_validate({**SETTINGS, **own})


@pytest.fixture(scope="session")
def clients() -> Iterator[Callable[[MetaConfig], tuple[asyncio.Runner, httpx2.AsyncClient]]]:
    """One client for all, since making one is slow; and the loop it lives in."""
    with asyncio.Runner() as runner:
        http = new_client("http://127.0.0.1")

        def at(config: MetaConfig) -> tuple[asyncio.Runner, httpx2.AsyncClient]:
            http.base_url = httpx2.URL(config.base_url)
            return runner, http

        yield at
        runner.run(http.aclose())


@pytest.fixture
def run(clients: Callable[[MetaConfig], tuple[asyncio.Runner, httpx2.AsyncClient]]) -> Run:
    """run(config, operation, arguments)"""

    def once(config: MetaConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        runner, http = clients(config)

        async def ask() -> Answer:
            return await CONNECTOR.operations[operation].run(http, config, arguments)

        return runner.run(ask())

    return once


class Handler(BaseHTTPRequestHandler):
    """Answers with what `answer(method, target, headers, body)` gives: status, headers, body."""

    answer: Callable[[str, str, Mapping[str, str], bytes], tuple[int, dict[str, str], bytes]]

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, more, content = type(self).answer(self.command, self.path, headers, body)
        self.send_response(status)
        for name, value in {**more, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[..., tuple[int, dict[str, str], bytes]]], str]]:
    """serving(answer): the address of a server that answers so."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[..., tuple[int, dict[str, str], bytes]]) -> str:
        handler = type("Handler", (Handler,), {"answer": staticmethod(answer)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


Asked = list[tuple[str, str, Mapping[str, str], Any]]


@pytest.fixture
def asked() -> Asked:
    """Method, target, headers and JSON of what reached a server of `answering`."""
    return []


@pytest.fixture
def answering(
    serving: Callable[[Callable[..., tuple[int, dict[str, str], bytes]]], str], asked: Asked
) -> Callable[..., MetaConfig]:
    """answering(body, status=200, headers={}): settings of a number at such a provider."""

    def start(
        body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> MetaConfig:
        def answer(
            method: str, target: str, sent: Mapping[str, str], content: bytes
        ) -> tuple[int, dict[str, str], bytes]:
            asked.append((method, target, sent, json.loads(content) if content else None))
            return status, dict(headers or {}), body

        return MetaConfig.model_validate({**SETTINGS, "base_url": serving(answer)})

    return start


Hook = tuple[str, "queue.Queue[tuple[bytes, Mapping[str, str]]]", list[int]]


@pytest.fixture
def hook(
    serving: Callable[[Callable[..., tuple[int, dict[str, str], bytes]]], str], config: MetaConfig
) -> Hook:
    """An address that answers the challenge as Uzel does: (url, bodies and headers as they come,
    statuses to answer before 200).
    """
    posts: queue.Queue[tuple[bytes, Mapping[str, str]]] = queue.Queue()
    refusals: list[int] = []

    def answer(
        method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if method == "GET":
            try:
                return 200, {}, challenge(urlsplit(target).query, config)
            except SignatureInvalid:
                return 401, {}, b""
        posts.put((body, headers))
        return (refusals.pop(0) if refusals else 200), {}, b"{}"

    return f"{serving(answer)}/hook?key=hidden", posts, refusals
