"""The sandbox, a number of one's own in it, a hook that collects, a server that answers at will."""

import asyncio
import json
import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.meta import CONNECTOR
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.doors import Settings
from uzel.connectors.meta.sandbox import SETTINGS
from uzel.connectors.meta.webhook import challenge
from uzel.errors import SignatureInvalid

__all__ = ["sandbox", "session_caller"]

Run = Callable[[MetaConfig, str, Mapping[str, Any]], Answer]
numbers = count(106_600_000_000_001)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    yield from doors_of(sandbox, "meta", Settings())


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> MetaConfig:
    """A number that no other test has used."""
    own = {"phone_number_id": str(next(numbers)), "base_url": f"{sandbox}/meta"}
    return MetaConfig.model_validate({**SETTINGS, **own})


@pytest.fixture
def clients(
    session_caller: Caller,
) -> Callable[[MetaConfig], tuple[asyncio.Runner, httpx2.AsyncClient]]:
    """One client for all, since making one is slow; and the loop it lives in."""

    def at(config: MetaConfig) -> tuple[asyncio.Runner, httpx2.AsyncClient]:
        session_caller.http.base_url = httpx2.URL(config.base_url)
        return session_caller.runner, session_caller.http

    return at


@pytest.fixture
def run(session_caller: Caller) -> Run:
    """run(config, operation, arguments)"""

    def once(config: MetaConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        return session_caller.run(CONNECTOR.operations[operation], config, arguments)

    return once


Serving = Callable[[Callable[[Got], Said]], str]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """serving(answer): the address of a server that answers so."""
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(LoopbackServer(answer)).url


Asked = list[tuple[str, str, Mapping[str, str], Any]]


@pytest.fixture
def asked() -> Asked:
    """Method, target, headers and JSON of what reached a server of `answering`."""
    return []


@pytest.fixture
def answering(serving: Serving, asked: Asked) -> Callable[..., MetaConfig]:
    """answering(body, status=200, headers={}): settings of a number at such a provider."""

    def start(
        body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> MetaConfig:
        def answer(got: Got) -> Said:
            content = json.loads(got.body) if got.body else None
            asked.append((got.method, got.target, got.headers, content))
            return status, headers or {}, body

        return MetaConfig.model_validate({**SETTINGS, "base_url": serving(answer)})

    return start


Hook = tuple[str, "queue.Queue[tuple[bytes, Mapping[str, str]]]", list[int]]


@pytest.fixture
def hook(serving: Serving, config: MetaConfig) -> Hook:
    """An address that answers the challenge as Uzel does: (url, bodies and headers as they come,
    statuses to answer before 200).
    """
    posts: queue.Queue[tuple[bytes, Mapping[str, str]]] = queue.Queue()
    refusals: list[int] = []

    def answer(got: Got) -> Said:
        if got.method == "GET":
            try:
                return 200, {}, challenge(urlsplit(got.target).query, config)
            except SignatureInvalid:
                return 401, {}, b""
        posts.put((got.body, got.headers))
        return (refusals.pop(0) if refusals else 200), {}, b"{}"

    return f"{serving(answer)}/hook?key=hidden", posts, refusals
