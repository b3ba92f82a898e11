"""The sandbox with a shop of one's own in it, and a provider that answers whatever a test wants."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said, in_turn
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.kaspi import CONNECTOR
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.connectors.kaspi.control import Settings

__all__ = ["sandbox", "session_caller"]

tokens = count(1)
Arguments = Mapping[str, Any]


def config_with(token: str, base_url: str) -> KaspiConfig:
    return KaspiConfig.model_validate({"token": token, "base_url": base_url})


@dataclass
class Client:
    """What the connector does, one call at a time."""

    caller: Caller

    def run(self, config: KaspiConfig, operation: str, **arguments: Any) -> Answer:
        return self.caller.run(CONNECTOR.operations[operation], config, arguments)

    def look_up(self, config: KaspiConfig, operation: str, **arguments: Any) -> Answer | None:
        return self.caller.look_up(CONNECTOR.operations[operation], config, "order:1", arguments)


@pytest.fixture
def client(session_caller: Caller) -> Client:
    return Client(session_caller)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    yield from doors_of(sandbox, "kaspi", Settings())


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

    def answer(got: Got) -> Said:
        it.got.append((f"{got.method} {got.target}", got.headers, got.body))
        status, body = in_turn(it.answers)
        return status, {"content-type": "application/vnd.api+json"}, body

    with LoopbackServer(answer) as server:
        it.url = server.url
        yield it
