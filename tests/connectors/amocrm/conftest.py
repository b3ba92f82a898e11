"""The sandbox with a token of one's own in it, a provider that answers whatever a test wants, and
an address to post to.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.amocrm import CONNECTOR
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.control import Settings
from uzel.kit.http import new_client
from uzel.sandbox.server import running

Run = Callable[[AmocrmConfig, str, Mapping[str, Any]], Answer]
tokens = count(1)


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
        http.post("/amocrm/_settings", json=Settings().model_dump()).raise_for_status()
        yield http


def config_with(token: str, base_url: str) -> AmocrmConfig:
    return AmocrmConfig.model_validate({"access_token": token, "base_url": base_url})


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> AmocrmConfig:
    """An account that no other test has used."""
    return config_with(f"token-{next(tokens)}", f"{sandbox}/amocrm")


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """run(config, operation, arguments): one client for all, since making one is slow."""
    with asyncio.Runner() as runner:
        http = new_client("http://127.0.0.1")

        def once(config: AmocrmConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
            http.base_url = httpx2.URL(config.base_url)

            async def ask() -> Answer:
                return await CONNECTOR.operations[operation].run(http, config, arguments)

            return runner.run(ask())

        yield once
        runner.run(http.aclose())


@dataclass
class Served:
    """A server on loopback: `answers` are given in turn (status, content type, body), the last one
    for ever; `got` are the requests (method and target, headers, body).
    """

    answers: list[tuple[int, str, bytes]] = field(default_factory=lambda: [(200, "", b"")])
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def config(self) -> AmocrmConfig:
        return config_with("token-served", self.url)


@pytest.fixture
def served() -> Iterator[Served]:
    it = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            it.got.append((f"{self.command} {self.path}", headers, body))
            status, kind, answer = it.answers.pop(0) if len(it.answers) > 1 else it.answers[0]
            self.send_response(status)
            self.send_header("content-type", kind)
            if status != 204:
                self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_DELETE = do_GET  # noqa: N815 - the names the library looks for

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    it.url = f"http://127.0.0.1:{server.server_port}"
    yield it
    server.shutdown()
    server.server_close()
