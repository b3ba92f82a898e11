"""The sandbox with a token of one's own in it, a provider that answers whatever a test wants, and
an address to post to.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2
import pytest

from loopback import Got, LoopbackServer, Said, in_turn
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.amocrm import CONNECTOR
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.miniature.settings import Settings

__all__ = ["sandbox", "session_caller"]

Run = Callable[[AmocrmConfig, str, Mapping[str, Any]], Answer]
LookUp = Callable[[AmocrmConfig, str, Mapping[str, Any]], Answer | None]
tokens = count(1)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, with everything back to its beginnings."""
    yield from doors_of(sandbox, "amocrm", Settings())


def config_with(token: str, base_url: str) -> AmocrmConfig:
    return AmocrmConfig.model_validate({"access_token": token, "base_url": base_url})


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> AmocrmConfig:
    """An account that no other test has used."""
    return config_with(f"token-{next(tokens)}", f"{sandbox}/amocrm")


@pytest.fixture
def caller(session_caller: Caller) -> Caller:
    """caller(config, function, *arguments)"""
    session_caller.http.timeout = session_caller.patience
    return session_caller


@pytest.fixture
def run(caller: Caller) -> Run:
    """run(config, operation, arguments)"""

    def once(config: AmocrmConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        return caller.run(CONNECTOR.operations[operation], config, arguments)

    return once


@pytest.fixture
def look_up(caller: Caller) -> LookUp:
    """look_up(config, operation, arguments)"""

    def once(config: AmocrmConfig, operation: str, arguments: Mapping[str, Any]) -> Answer | None:
        return caller.look_up(CONNECTOR.operations[operation], config, "call:1", arguments)

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

    def answer(got: Got) -> Said:
        it.got.append((f"{got.method} {got.target}", got.headers, got.body))
        status, kind, body = in_turn(it.answers)
        return status, {"content-type": kind}, body

    with LoopbackServer(answer) as server:
        it.url = server.url
        yield it
