"""The sandbox with a shop of one's own in it, and a provider that answers whatever a test wants."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.kaspi import CONNECTOR
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.connectors.kaspi.control import Settings
from uzel.kit.http import new_client
from uzel.sandbox.server import running

tokens = count(1)
Arguments = Mapping[str, Any]


def config_with(token: str, base_url: str) -> KaspiConfig:
    return KaspiConfig.model_validate({"token": token, "base_url": base_url})


@dataclass
class Client:
    """What the connector does, one call at a time: making an HTTP client is slow."""

    runner: asyncio.Runner
    http: httpx2.AsyncClient

    def run(self, config: KaspiConfig, operation: str, **arguments: Any) -> Answer:
        self.http.base_url = httpx2.URL(config.base_url)

        async def ask() -> Answer:
            return await CONNECTOR.operations[operation].run(self.http, config, arguments)

        return self.runner.run(ask())

    def look_up(self, config: KaspiConfig, operation: str, **arguments: Any) -> Answer | None:
        self.http.base_url = httpx2.URL(config.base_url)
        look_up = CONNECTOR.operations[operation].look_up
        assert look_up is not None

        async def ask() -> Answer | None:
            return await look_up(self.http, config, "order:1", arguments)

        return self.runner.run(ask())


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    with asyncio.Runner() as runner:
        http = new_client("http://127.0.0.1")
        yield Client(runner, http)
        runner.run(http.aclose())


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
        http.post("/kaspi/_settings", json=Settings().model_dump()).raise_for_status()
        yield http


@dataclass
class Shop:
    """A shop of the sandbox that no other test has used."""

    control: httpx2.Client
    config: KaspiConfig

    @property
    def token(self) -> str:
        return self.config.token.get_secret_value()

    def make(self, **asked: Any) -> list[dict[str, str]]:
        """New orders: [{"code", "id"}], the oldest first."""
        body = {"token": self.token, **asked}
        made = self.control.post("/kaspi/_orders", json=body).raise_for_status()
        orders: list[dict[str, str]] = made.json()["orders"]
        return orders

    def one(self, **asked: Any) -> dict[str, str]:
        """One new order as arguments of an operation."""
        (made,) = self.make(**asked)
        return {"order": made["id"], "code": made["code"]}

    def change(self, code: str, **asked: Any) -> dict[str, Any]:
        body = {"token": self.token, **asked}
        done = self.control.post(f"/kaspi/_orders/{code}", json=body).raise_for_status()
        book: dict[str, Any] = done.json()
        return book

    def book(self, code: str) -> dict[str, Any]:
        found = self.control.get("/kaspi/_orders", params={"token": self.token, "code": code})
        (book,) = found.raise_for_status().json()["orders"]
        assert isinstance(book, dict)
        return book

    def settings(self, **changes: Any) -> None:
        self.control.post("/kaspi/_settings", json=changes).raise_for_status()

    def fault(self, operation: str, kind: str, **more: Any) -> None:
        body = {"connector": "kaspi", "operation": operation, "kind": kind, **more}
        self.control.post("/_faults", json=body).raise_for_status()

    def get(self, path: str, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        """What anybody gets from this shop who asks properly but for `headers`."""
        proper = {"x-auth-token": self.token, "user-agent": "shop-robot/1.0"}
        return self.control.get(
            f"/kaspi{path}", headers={**proper, **(headers or {})}, params=query, timeout=10
        )


@pytest.fixture
def shop(sandbox: str, control: httpx2.Client) -> Shop:
    return Shop(control, config_with(f"token-{next(tokens)}", f"{sandbox}/kaspi"))


@dataclass
class Served:
    """A server on loopback: `answers` are given in turn (status, body), the last one for ever;
    `got` are the requests (method and target, headers, body).
    """

    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"{}")])
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def config(self) -> KaspiConfig:
        return config_with("token-served", self.url)

    def give(self, *contents: Any) -> None:
        """These answers with 200."""
        self.answers = [(200, json.dumps(content).encode()) for content in contents]


@pytest.fixture
def served() -> Iterator[Served]:
    it = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            it.got.append((f"{self.command} {self.path}", headers, body))
            status, answer = it.answers.pop(0) if len(it.answers) > 1 else it.answers[0]
            self.send_response(status)
            self.send_header("content-type", "application/vnd.api+json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 - the name the library looks for

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    it.url = f"http://127.0.0.1:{server.server_port}"
    yield it
    server.shutdown()
    server.server_close()
