"""The sandbox, a location of one's own in it, and a listener for what is posted or asked."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import httpx2
import pytest

from connectors.yclients.listening import Listener
from uzel.connector import Answer
from uzel.connectors.yclients import CONNECTOR
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.sandbox import SETTINGS
from uzel.kit.http import new_client
from uzel.sandbox.server import running

Run = Callable[[YclientsConfig, str, Mapping[str, Any]], Answer]
numbers = count(300_001)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's control doors, without faults and with an empty journal."""
    with httpx2.Client(base_url=sandbox, trust_env=False) as http:
        http.delete("/_faults").raise_for_status()
        http.delete("/_journal").raise_for_status()
        yield http


@pytest.fixture
def config(sandbox: str, control: httpx2.Client) -> YclientsConfig:
    """A location that no other test has used."""
    base_url, number = f"{sandbox}/yclients", next(numbers)
    return YclientsConfig.model_validate({**SETTINGS, "company_id": number, "base_url": base_url})


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """run(config, operation, arguments): one client for all, since making one is slow."""
    with asyncio.Runner() as runner:
        http = new_client("http://127.0.0.1")

        def once(config: YclientsConfig, operation: str, arguments: Mapping[str, Any]) -> Answer:
            http.base_url = httpx2.URL(config.base_url)

            async def ask() -> Answer:
                return await CONNECTOR.operations[operation].run(http, config, arguments)

            return runner.run(ask())

        yield once
        runner.run(http.aclose())


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
