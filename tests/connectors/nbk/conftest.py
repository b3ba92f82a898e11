"""The sandbox, and a bank that answers whatever a test wants."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from loopback import LoopbackServer
from miniatures import Caller, sandbox, session_caller
from uzel.connectors.nbk import RATES
from uzel.connectors.nbk.config import NbkConfig

__all__ = ["sandbox", "session_caller"]

Told = dict[str, Any]


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The control doors, with the board as in the beginning."""
    with httpx2.Client(base_url=sandbox, trust_env=False) as http:
        http.delete("/nbk/_rates").raise_for_status()
        http.delete("/_journal").raise_for_status()
        yield http


@pytest.fixture
def ask(sandbox: str, session_caller: Caller) -> Callable[[str | None], Told]:
    """ask(day): what the connector tells of the sandbox."""
    config = NbkConfig(base_url=f"{sandbox}/nbk")
    return lambda day: dict(session_caller.run(RATES, config, {"date": day}).data)


@pytest.fixture
def told_of(session_caller: Caller) -> Callable[[bytes], Told]:
    """told_of(body): what the connector makes of an answer."""

    def run(body: bytes) -> Told:
        with LoopbackServer(lambda got: (200, {}, body)) as server:
            config = NbkConfig(base_url=server.url)
            return dict(session_caller.run(RATES, config, {}).data)

    return run
