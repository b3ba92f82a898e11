"""The connector against a registry of Uzel's behind the sandbox, and against a server that answers
whatever a test wants.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said, in_turn
from miniatures import Caller, doors_of, sandbox, session_caller
from registry_room import Program
from uzel.connector import Answer
from uzel.connectors.vtiger import CONNECTOR, examples
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.crm.users import NewUser
from vtiger_room import vtiger_behind

__all__ = ["sandbox", "session_caller"]


def config_with(base_url: str, **settings: Any) -> VtigerConfig:
    given = {**examples.SETTINGS, "base_url": base_url, **settings}
    return VtigerConfig.model_validate(given)


@dataclass
class Crm:
    """What the connector does, one call at a time."""

    caller: Caller
    config: VtigerConfig

    def run(self, operation: str, **arguments: Any) -> Answer:
        return self.caller.run(CONNECTOR.operations[operation], self.config, arguments)

    def look_up(self, operation: str, **arguments: Any) -> Answer | None:
        asked = CONNECTOR.operations[operation]
        return self.caller.look_up(asked, self.config, "crm:1", arguments)

    def with_(self, **settings: Any) -> "Crm":
        return Crm(self.caller, self.config.model_copy(update=settings))


@pytest.fixture(scope="module")
def program(
    sandbox: str, shared_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """Somebody else who speaks to the server behind, around the sandbox."""
    with vtiger_behind(sandbox, shared_dsn, tmp_path_factory.mktemp("behind")) as app:
        user = NewUser(examples.USER, examples.LOGIN, examples.ACCESS_KEY)
        yield Program(app, user, examples.SESSION)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    yield from doors_of(sandbox)


@pytest.fixture
def crm(sandbox: str, program: Program, control: httpx2.Client, session_caller: Caller) -> Crm:
    return Crm(session_caller, config_with(f"{sandbox}/vtiger"))


@dataclass
class Provider:
    """A server that gives `answers` (status, headers, body) in their order, the last one for ever;
    `asked` are (method, path, query, form).
    """

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def says(self, content: object, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers.append((status, {"content-type": "text/html", **headers}, body))

    def gives(self, result: object) -> None:
        self.says({"success": True, "result": result})

    def refuses(self, code: str, message: str = "no") -> None:
        self.says({"success": False, "error": {"message": message, "code": code}})

    def note(self, got: Got) -> Said:
        target = urlsplit(got.target)
        query = dict(parse_qsl(target.query))
        self.asked.append((got.method, target.path, query, form_of(got)))
        return in_turn(self.answers)


def form_of(got: Got) -> dict[str, str]:
    is_form = "urlencoded" in got.headers.get("content-type", "")
    return dict(parse_qsl(got.body.decode(), keep_blank_values=True)) if is_form else {}


@pytest.fixture
def provider() -> Iterator[Provider]:
    it = Provider()
    with LoopbackServer(it.note) as server:
        it.url = server.url
        yield it


@pytest.fixture
def client(provider: Provider, session_caller: Caller) -> Crm:
    """Asks `provider`."""
    return Crm(session_caller, config_with(provider.url))


@dataclass
class Faults:
    """Things to go wrong in the sandbox."""

    control: httpx2.Client

    def add(self, operation: str, kind: str, **more: Any) -> None:
        asked = {"connector": "vtiger", "operation": operation, "kind": kind, **more}
        self.control.post("/_faults", json=asked).raise_for_status()

    def journal(self, operation: str | None = None) -> list[Mapping[str, Any]]:
        params = {"connector": "vtiger", **({"operation": operation} if operation else {})}
        found: list[Mapping[str, Any]] = self.control.get("/_journal", params=params).json()
        return found


@pytest.fixture
def faults(control: httpx2.Client) -> Faults:
    return Faults(control)
