"""The sandbox, an application of one's own in it, and a server that answers whatever is wanted."""

import json
import queue
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said, in_turn
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.exolve import CONNECTOR
from uzel.connectors.exolve.config import ExolveConfig
from uzel.connectors.exolve.miniature import Settings

__all__ = ["sandbox", "session_caller"]

keys = count(1)


@dataclass
class Client:
    """What the connector does, one call at a time."""

    caller: Caller

    def run(self, config: ExolveConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        return self.caller.run(CONNECTOR.operations[operation], config, arguments)

    def look_up(self, config: ExolveConfig, arguments: Mapping[str, Any]) -> Answer | None:
        send = CONNECTOR.operations["send_sms"]
        return self.caller.look_up(send, config, "message:1", arguments)


@dataclass
class Provider:
    """A server that gives the answers in their order, the last one for ever.

    asked  (path, JSON body) of what came; `headers` of the last request
    """

    answers: list[tuple[int, str, bytes]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def says(
        self, content: object, status: int = 200, content_type: str = "application/json"
    ) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers.append((status, content_type, body))

    def config(self, **settings: Any) -> ExolveConfig:
        given = {"api_key": "key", "sender": "Kafe", "base_url": self.url, **settings}
        return ExolveConfig.model_validate(given)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    yield from doors_of(sandbox, "exolve", Settings())


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> ExolveConfig:
    """An application that no other test has used."""
    settings = {"api_key": f"key-{next(keys)}", "sender": "79990000000"}
    return ExolveConfig.model_validate({**settings, "base_url": f"{sandbox}/exolve"})


@pytest.fixture
def client(session_caller: Caller) -> Client:
    return Client(session_caller)


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()

    def answer(got: Got) -> Said:
        provider.asked.append((got.target, json.loads(got.body)))
        provider.headers = got.headers
        status, content_type, body = in_turn(provider.answers)
        return status, {"content-type": content_type}, body

    with LoopbackServer(answer) as server:
        provider.url = server.url
        yield provider


@pytest.fixture
def hook() -> Iterator[tuple[str, "queue.Queue[bytes]"]]:
    """An address for webhooks, and the bodies as they come."""
    bodies: queue.Queue[bytes] = queue.Queue()

    def answer(got: Got) -> Said:
        bodies.put(got.body)
        return 200, {"content-type": "application/json"}, b"{}"

    with LoopbackServer(answer) as server:
        yield f"{server.url}/hook?key=hidden", bodies
