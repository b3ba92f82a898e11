"""The sandbox, a key of one's own in it, and a server that answers whatever a test wants."""

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.smsru import CONNECTOR
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.miniature import Settings
from uzel.kit.http import new_client
from uzel.sandbox.server import running

Run = Callable[[SmsruConfig, str, Mapping[str, Any]], Answer]
keys = count(1)


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
        http.post("/smsru/_settings", json=Settings().model_dump()).raise_for_status()
        yield http


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> SmsruConfig:
    """An account that no other test has used."""
    return SmsruConfig.model_validate(
        {"api_id": f"key-{next(keys)}", "base_url": f"{sandbox}/smsru"}
    )


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """run(config, operation, arguments): one client for all, since making one is slow."""
    with asyncio.Runner() as runner:
        http = new_client("http://127.0.0.1")

        def once(config: SmsruConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
            http.base_url = httpx2.URL(config.base_url)

            async def ask() -> Answer:
                return await CONNECTOR.operations[operation].run(http, config, arguments)

            return runner.run(ask())

        yield once
        runner.run(http.aclose())


@pytest.fixture
def asked() -> list[tuple[str, str]]:
    """Target and body of what reached a server of `answering`."""
    return []


@pytest.fixture
def answering(asked: list[tuple[str, str]]) -> Iterator[Callable[[bytes], SmsruConfig]]:
    """answering(body): the settings of an account at a provider that answers 200 with `body`."""
    servers: list[ThreadingHTTPServer] = []

    def start(body: bytes) -> SmsruConfig:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                asked.append((self.path, self.rfile.read(length).decode()))
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        base_url = f"http://127.0.0.1:{server.server_port}"
        return SmsruConfig.model_validate({"api_id": "key", "base_url": base_url})

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[tuple[str, queue.Queue[bytes], list[bytes]]]:
    """An address for reports: (url, bodies as they come, answers to give before `100`)."""
    bodies: queue.Queue[bytes] = queue.Queue()
    refusals: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.put(self.rfile.read(int(self.headers["content-length"])))
            body = refusals.pop(0) if refusals else b"100"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook?key=hidden", bodies, refusals
    server.shutdown()
    server.server_close()


@pytest.fixture
def recorded(samples: Path) -> Callable[[str], list[bytes]]:
    """recorded(name): the answers of SMS.ru in that file; one where the file is a bare answer."""

    def read(name: str) -> list[bytes]:
        content = json.loads((samples / "smsru" / name).read_text())
        exchanges = content if isinstance(content, list) else [{"response": {"body": content}}]
        return [json.dumps(exchange["response"]["body"]).encode() for exchange in exchanges]

    return read
