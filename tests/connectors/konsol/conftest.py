"""The sandbox, a company of one's own in it, and a server that answers whatever a test wants."""

import json
import queue
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said, in_turn
from miniatures import WAIT_S, Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.konsol import CONNECTOR
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.miniature import Settings

__all__ = ["sandbox", "session_caller"]

tokens = count(1)


@dataclass
class Client:
    """What the connector does, one call at a time."""

    caller: Caller

    def run(self, config: KonsolConfig, operation: str, **arguments: Any) -> Answer:
        return self.caller.run(CONNECTOR.operations[operation], config, arguments)

    def look_up(
        self,
        config: KonsolConfig,
        arguments: Mapping[str, Any],
        operation: str = "create_payment",
    ) -> Answer | None:
        asked = CONNECTOR.operations[operation]
        return self.caller.look_up(asked, config, "payout:1", arguments)


@pytest.fixture
def client(session_caller: Caller) -> Client:
    return Client(session_caller)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    yield from doors_of(sandbox, "konsol", Settings())


@dataclass
class Company:
    """A company of the sandbox that no other test has used."""

    control: httpx2.Client
    config: KonsolConfig

    @property
    def token(self) -> str:
        return self.config.token.get_secret_value()

    def settings(self, **changes: Any) -> None:
        self.control.post("/konsol/_settings", json=changes).raise_for_status()

    def prepare(self, **asked: Any) -> None:
        body = {"token": self.token, **asked}
        self.control.post("/konsol/_answers", json=body).raise_for_status()

    def fault(self, operation: str | None, kind: str, **more: Any) -> None:
        measure = {"times": 1, **more}
        body = {"connector": "konsol", "operation": operation, "kind": kind, **measure}
        given = {name: value for name, value in body.items() if value is not None}
        self.control.post("/_faults", json=given).raise_for_status()

    def books(self, reference: str | None = None) -> list[dict[str, Any]]:
        params = {"token": self.token, **({"reference": reference} if reference else {})}
        found = self.control.get("/konsol/_payments", params=params).raise_for_status()
        payments: list[dict[str, Any]] = found.json()["payments"]
        return payments

    def balance_minor(self) -> int:
        found = self.control.get("/konsol/_payments", params={"token": self.token})
        balance: int = found.json()["balance_minor"]
        return balance

    def move(self, payment_id: str | None, status: str, **asked: Any) -> None:
        body = {"token": self.token, "status": status, **asked}
        self.control.post(f"/konsol/_payments/{payment_id}", json=body).raise_for_status()

    def journal(self, operation: str) -> list[dict[str, Any]]:
        params = {"connector": "konsol", "operation": operation}
        entries: list[dict[str, Any]] = self.control.get("/_journal", params=params).json()
        return entries

    def until_status(self, reference: str, status: str) -> dict[str, Any]:
        """The book of a payment once it is so far; the limit is for what never comes."""
        end = monotonic() + WAIT_S
        while monotonic() < end:
            (book,) = self.books(reference)
            if book["status"] == status:
                return book
            sleep(0.01)
        raise AssertionError(book)


def config_with(token: str, base_url: str, **settings: Any) -> KonsolConfig:
    return KonsolConfig.model_validate({"token": token, "base_url": base_url, **settings})


@pytest.fixture
def company(sandbox: str, control: httpx2.Client) -> Company:
    return Company(control, config_with(f"token-{next(tokens)}", f"{sandbox}/konsol"))


@dataclass
class Provider:
    """A server that gives `answers` (status, headers, body) in their order, the last one for ever;
    `asked` are (method, target, JSON body), `headers` those of the last request.
    """

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def says(self, content: object, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, {"content-type": "application/json", **named}, body))

    def config(self, **settings: Any) -> KonsolConfig:
        return config_with("provider-token", self.url, **settings)


@pytest.fixture
def provider() -> Iterator[Provider]:
    it = Provider()

    def answer(got: Got) -> Said:
        it.asked.append((got.method, got.target, json.loads(got.body) if got.body else None))
        it.headers = got.headers
        return in_turn(it.answers)

    with LoopbackServer(answer) as server:
        it.url = server.url
        yield it


@dataclass
class Hook:
    """An address for callbacks, and the bodies as they come; `statuses` are answered in turn."""

    url: str
    bodies: "queue.Queue[dict[str, Any]]"
    statuses: list[int]

    def next(self) -> dict[str, Any]:
        return self.bodies.get(timeout=WAIT_S)


@pytest.fixture
def hook() -> Iterator[Hook]:
    it = Hook("", queue.Queue(), [200])

    def answer(got: Got) -> Said:
        it.bodies.put(json.loads(got.body))
        return in_turn(it.statuses), {"content-type": "application/json"}, b"{}"

    with LoopbackServer(answer) as server:
        it.url = f"{server.url}/hook?key=hidden"
        yield it
