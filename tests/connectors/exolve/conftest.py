"""The sandbox, an application of one's own in it, and a server that answers whatever is wanted."""

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.exolve import CONNECTOR
from uzel.connectors.exolve.config import ExolveConfig
from uzel.connectors.exolve.miniature import Settings
from uzel.kit.http import new_client
from uzel.sandbox.server import running

keys = count(1)


@dataclass
class Client:
    """What the connector does, one call at a time: making an HTTP client is slow."""

    runner: asyncio.Runner
    http: httpx2.AsyncClient

    def run(self, config: ExolveConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        self.http.base_url = httpx2.URL(config.base_url)

        async def ask() -> Answer:
            return await CONNECTOR.operations[operation].run(self.http, config, arguments)

        return self.runner.run(ask())

    def look_up(self, config: ExolveConfig, arguments: Mapping[str, Any]) -> Answer | None:
        self.http.base_url = httpx2.URL(config.base_url)
        look_up = CONNECTOR.operations["send_sms"].look_up
        assert look_up is not None

        async def ask() -> Answer | None:
            return await look_up(self.http, config, "message:1", arguments)

        return self.runner.run(ask())


@dataclass
class Provider:
    """A server that gives the answers in their order, the last one for ever.

    asked  (path, JSON body) of what came; `headers` of the last request
    """

    answers: list[tuple[int, str, bytes]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def says(
        self, content: object, status: int = 200, content_type: str = "application/json"
    ) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers.append((status, content_type, body))

    def config(self, **settings: Any) -> ExolveConfig:
        base_url = f"http://127.0.0.1:{self.port}"
        given = {"api_key": "key", "sender": "Kafe", "base_url": base_url, **settings}
        return ExolveConfig.model_validate(given)


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
        http.post("/exolve/_settings", json=Settings().model_dump()).raise_for_status()
        yield http


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> ExolveConfig:
    """An application that no other test has used."""
    settings = {"api_key": f"key-{next(keys)}", "sender": "79990000000"}
    return ExolveConfig.model_validate({**settings, "base_url": f"{sandbox}/exolve"})


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    with asyncio.Runner() as runner:
        http = new_client("http://127.0.0.1")
        yield Client(runner, http)
        runner.run(http.aclose())


def served(handle: Callable[[BaseHTTPRequestHandler, bytes], None]) -> ThreadingHTTPServer:
    """A server whose POSTs go to `handle(request, body)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            handle(self, self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


def give(request: BaseHTTPRequestHandler, status: int, content_type: str, body: bytes) -> None:
    request.send_response(status)
    request.send_header("content-type", content_type)
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()

    def handle(request: BaseHTTPRequestHandler, body: bytes) -> None:
        provider.asked.append((request.path, json.loads(body)))
        provider.headers = {name.lower(): value for name, value in request.headers.items()}
        answers = provider.answers
        give(request, *(answers.pop(0) if len(answers) > 1 else answers[0]))

    server = served(handle)
    provider.port = server.server_port
    yield provider
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook() -> Iterator[tuple[str, "queue.Queue[bytes]"]]:
    """An address for webhooks, and the bodies as they come."""
    bodies: queue.Queue[bytes] = queue.Queue()

    def handle(request: BaseHTTPRequestHandler, body: bytes) -> None:
        bodies.put(body)
        give(request, 200, "application/json", b"{}")

    server = served(handle)
    yield f"http://127.0.0.1:{server.server_port}/hook?key=hidden", bodies
    server.shutdown()
    server.server_close()
