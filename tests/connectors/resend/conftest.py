"""The sandbox, and servers that answer what the sandbox would not."""

import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.resend import CONNECTOR
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.miniature import Settings
from uzel.connectors.resend.sandbox import SETTINGS

__all__ = ["sandbox", "session_caller"]

Run = Callable[[ResendConfig, str, Mapping[str, Any]], Answer]


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    for http in doors_of(sandbox, "resend", Settings(rate_per_s=10_000)):
        for door in ("/resend/_mailbox", "/resend/_hook"):
            http.delete(door).raise_for_status()
        yield http


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> ResendConfig:
    return ResendConfig.model_validate({**SETTINGS, "base_url": f"{sandbox}/resend"})


@pytest.fixture
def run(session_caller: Caller) -> Run:
    """run(config, operation, arguments)"""

    def once(config: ResendConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        return session_caller.run(CONNECTOR.operations[operation], config, arguments)

    return once


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
    with ExitStack() as servers:

        def start(
            body: bytes, status: int = 200, later: tuple[bytes, int] | None = None
        ) -> ResendConfig:
            answers = iter([(body, status)])

            def answer(got: Got) -> Said:
                asked.append((got.headers, got.body))
                content, code = next(answers, later or (body, status))
                return code, {}, content

            base_url = servers.enter_context(LoopbackServer(answer)).url
            return ResendConfig.model_validate({**SETTINGS, "base_url": base_url})

        yield start


@pytest.fixture
def hook() -> Iterator[tuple[str, "queue.Queue[tuple[Mapping[str, str], bytes]]", list[int]]]:
    """An address for events: (url, requests as they come, statuses to answer with before 200)."""
    requests: queue.Queue[tuple[Mapping[str, str], bytes]] = queue.Queue()
    statuses: list[int] = []

    def answer(got: Got) -> Said:
        requests.put((got.headers, got.body))
        return statuses.pop(0) if statuses else 200, {}, b""

    with LoopbackServer(answer) as server:
        yield f"{server.url}/hook?key=hidden", requests, statuses
