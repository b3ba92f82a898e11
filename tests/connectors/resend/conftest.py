"""The sandbox, and servers that answer what the sandbox would not."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.resend import CONNECTOR
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.miniature import Settings
from uzel.connectors.resend.sandbox import SETTINGS
from uzel.kit.http import new_client
from uzel.sandbox.server import running

Run = Callable[[ResendConfig, str, Mapping[str, Any]], Answer]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    with httpx2.Client(base_url=sandbox) as http:
        for door in ("/_faults", "/_journal", "/resend/_mailbox", "/resend/_hook"):
            http.delete(door).raise_for_status()
        beginnings = Settings(rate_per_s=10_000).model_dump()
        http.post("/resend/_settings", json=beginnings).raise_for_status()
        yield http


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> ResendConfig:
    return ResendConfig.model_validate({**SETTINGS, "base_url": f"{sandbox}/resend"})


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """run(config, operation, arguments): one client for all, since making one is slow."""
    with asyncio.Runner() as runner:
        http = new_client("http://127.0.0.1")

        def once(config: ResendConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
            http.base_url = httpx2.URL(config.base_url)

            async def ask() -> Answer:
                return await CONNECTOR.operations[operation].run(http, config, arguments)

            return runner.run(ask())

        yield once
        runner.run(http.aclose())


@pytest.fixture
def asked() -> list[tuple[Mapping[str, str], bytes]]:
    """Headers (lower-case) and body of what reached a server of `answering`."""
    return []


@pytest.fixture
def answering(
    asked: list[tuple[Mapping[str, str], bytes]],
) -> Iterator[Callable[..., ResendConfig]]:
    """answering(body, status, later): the settings of a team at a provider that answers so, and
    from the second request on with `later`, another (body, status).
    """
    servers: list[ThreadingHTTPServer] = []

    def start(
        body: bytes, status: int = 200, later: tuple[bytes, int] | None = None
    ) -> ResendConfig:
        answers = iter([(body, status)])

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                names = {name.lower(): value for name, value in self.headers.items()}
                asked.append((names, self.rfile.read(length)))
                content, code = next(answers, later or (body, status))
                self.send_response(code)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        base_url = f"http://127.0.0.1:{server.server_port}"
        return ResendConfig.model_validate({**SETTINGS, "base_url": base_url})

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[tuple[str, "queue.Queue[tuple[Mapping[str, str], bytes]]", list[int]]]:
    """An address for events: (url, requests as they come, statuses to answer with before 200)."""
    requests: queue.Queue[tuple[Mapping[str, str], bytes]] = queue.Queue()
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            names = {name.lower(): value for name, value in self.headers.items()}
            requests.put((names, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook?key=hidden", requests, statuses
    server.shutdown()
    server.server_close()
