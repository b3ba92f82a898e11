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
from uzel.connectors.amocrm.miniature.settings import Settings
from uzel.kit.http import new_client
from uzel.sandbox.server import running

Run = Callable[[AmocrmConfig, str, Mapping[str, Any]], Answer]
LookUp = Callable[[AmocrmConfig, str, Mapping[str, Any]], Answer | None]
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


class Caller:
    """Operations and whatever else takes a client: one client for all, since making one is slow."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner
        self.http = new_client("http://127.0.0.1")
        self.patience = self.http.timeout

    def __call__(self, config: AmocrmConfig, work: Callable[..., Any], *given: Any) -> Any:
        self.http.base_url = httpx2.URL(config.base_url)

        async def ask() -> Any:
            return await work(self.http, config, *given)

        return self.runner.run(ask())


@pytest.fixture(scope="session")
def session_caller() -> Iterator[Caller]:
    with asyncio.Runner() as runner:
        caller = Caller(runner)
        yield caller
        runner.run(caller.http.aclose())


@pytest.fixture
def caller(session_caller: Caller) -> Caller:
    """caller(config, function, *arguments)"""
    session_caller.http.timeout = session_caller.patience
    return session_caller


@pytest.fixture
def run(caller: Caller) -> Run:
    """run(config, operation, arguments)"""

    def once(config: AmocrmConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        answer: Answer = caller(config, CONNECTOR.operations[operation].run, arguments)
        return answer

    return once


@pytest.fixture
def look_up(caller: Caller) -> LookUp:
    """look_up(config, operation, arguments)"""

    def once(config: AmocrmConfig, operation: str, arguments: Mapping[str, Any]) -> Answer | None:
        answer: Answer | None = caller(
            config, CONNECTOR.operations[operation].look_up or fail, "call:1", arguments
        )
        return answer

    return once


Raw = Callable[[AmocrmConfig, str, str, Any], Any]


@pytest.fixture
def raw() -> Iterator[Raw]:
    """raw(config, method, path, json): what somebody else does in the account."""
    with httpx2.Client() as http:

        def ask(config: AmocrmConfig, method: str, path: str, json: Any) -> Any:
            assert config.access_token is not None
            headers = {"authorization": f"Bearer {config.access_token.get_secret_value()}"}
            response = http.request(method, config.base_url + path, json=json, headers=headers)
            response.raise_for_status()
            return response.json() if response.content else None

        yield ask


def fail(*given: Any) -> None:
    raise AssertionError("this operation cannot be looked up")


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

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names the library looks for

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    it.url = f"http://127.0.0.1:{server.server_port}"
    yield it
    server.shutdown()
    server.server_close()
