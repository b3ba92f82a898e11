"""The sandbox, a location of one's own in it, and a listener for what is posted or asked."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import httpx2
import pytest

from connectors.yclients.listening import Listener
from miniatures import Caller, doors_of, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.yclients import CONNECTOR
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.sandbox import SETTINGS

__all__ = ["sandbox", "session_caller"]

Run = Callable[[YclientsConfig, str, Mapping[str, Any]], Answer]
numbers = count(300_001)


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, without faults and with an empty journal."""
    yield from doors_of(sandbox)


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> YclientsConfig:
    """A location that no other test has used."""
    base_url, number = f"{sandbox}/yclients", next(numbers)
    return YclientsConfig.model_validate({**SETTINGS, "company_id": number, "base_url": base_url})


@pytest.fixture
def run(session_caller: Caller) -> Run:
    """run(config, operation, arguments)"""

    def once(config: YclientsConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
        return session_caller.run(CONNECTOR.operations[operation], config, arguments)

    return once


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        yield server
