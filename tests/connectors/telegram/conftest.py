"""The sandbox, a bot of one's own in it, a hook that collects, a server that answers at will."""

import json
import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from typing import Any

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.telegram import CONNECTOR
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.doors import Settings
from uzel.connectors.telegram.sandbox import SETTINGS

__all__ = ["sandbox", "session_caller"]

Run = Callable[..., Answer]
Asked = list[tuple[str, str, Any]]
bots = count(500_000_001)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    yield from doors_of(sandbox, "telegram", Settings())


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> TelegramConfig:
    """A bot that no other test has used."""
    token = f"{next(bots)}:own-telegram-token-0000000000000000"
    return TelegramConfig.model_validate(
        {**SETTINGS, "token": token, "base_url": f"{sandbox}/telegram"}
    )


@pytest.fixture
def run(session_caller: Caller) -> Run:
    """run(config, operation, **arguments)"""

    def once(config: TelegramConfig, operation: str, **arguments: Any) -> Answer:
        return session_caller.run(CONNECTOR.operations[operation], config, arguments)

    return once


Serving = Callable[[Callable[[Got], Said]], str]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """serving(answer): the address of a server that answers so."""
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(LoopbackServer(answer)).url


@pytest.fixture
def asked() -> Asked:
    """Method, target and JSON of what reached a server of `answering`."""
    return []


@pytest.fixture
def answering(serving: Serving, asked: Asked) -> Callable[..., TelegramConfig]:
    """answering(body, status=200, headers={}): settings of a bot at such a provider."""

    def start(
        body: object, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> TelegramConfig:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()

        def answer(got: Got) -> Said:
            asked.append((got.method, got.target, json.loads(got.body) if got.body else None))
            return status, headers or {}, content

        return TelegramConfig.model_validate({**SETTINGS, "base_url": serving(answer)})

    return start


@pytest.fixture
def hook(serving: Serving) -> tuple[str, "queue.Queue[Got]", list[int]]:
    """An address for updates: (url, requests as they come, statuses to answer before 200)."""
    posts: queue.Queue[Got] = queue.Queue()
    refusals: list[int] = []

    def answer(got: Got) -> Said:
        posts.put(got)
        return (refusals.pop(0) if refusals else 200), {}, b"{}"

    return f"{serving(answer)}/api/webhook/telegram?key=hidden", posts, refusals
