"""The sandbox, a key of one's own in it, and a server that answers whatever a test wants."""

import json
import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.smsru import CONNECTOR
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.miniature import Settings

__all__ = ["sandbox", "session_caller"]

Run = Callable[[SmsruConfig, str, Mapping[str, Any]], Answer]
keys = count(1)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    yield from doors_of(sandbox, "smsru", Settings())


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> SmsruConfig:
    """An account that no other test has used."""
    return SmsruConfig.model_validate(
        {"api_id": f"key-{next(keys)}", "base_url": f"{sandbox}/smsru"}
    )


@pytest.fixture
def run(session_caller: Caller) -> Run:
    """run(config, operation, arguments)"""

    def once(config: SmsruConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        return session_caller.run(CONNECTOR.operations[operation], config, arguments)

    return once


@pytest.fixture
def asked() -> list[tuple[str, str]]:
    """Target and body of what reached a server of `answering`."""
    return []


@pytest.fixture
def answering(asked: list[tuple[str, str]]) -> Iterator[Callable[[bytes], SmsruConfig]]:
    """answering(body): the settings of an account at a provider that answers 200 with `body`."""
    with ExitStack() as servers:

        def start(body: bytes) -> SmsruConfig:
            def answer(got: Got) -> Said:
                asked.append((got.target, got.body.decode()))
                return 200, {}, body

            base_url = servers.enter_context(LoopbackServer(answer)).url
            return SmsruConfig.model_validate({"api_id": "key", "base_url": base_url})

        yield start


@pytest.fixture
def hook() -> Iterator[tuple[str, queue.Queue[bytes], list[bytes]]]:
    """An address for reports: (url, bodies as they come, answers to give before `100`)."""
    bodies: queue.Queue[bytes] = queue.Queue()
    refusals: list[bytes] = []

    def answer(got: Got) -> Said:
        bodies.put(got.body)
        return 200, {}, refusals.pop(0) if refusals else b"100"

    with LoopbackServer(answer) as server:
        yield f"{server.url}/hook?key=hidden", bodies, refusals


@pytest.fixture
def recorded(samples: Path) -> Callable[[str], list[bytes]]:
    """recorded(name): the answers of SMS.ru in that file; one where the file is a bare answer."""

    def read(name: str) -> list[bytes]:
        content = json.loads((samples / "smsru" / name).read_text())
        exchanges = content if isinstance(content, list) else [{"response": {"body": content}}]
        return [json.dumps(exchange["response"]["body"]).encode() for exchange in exchanges]

    return read
