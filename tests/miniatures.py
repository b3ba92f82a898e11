"""The sandbox and an HTTP client, for the tests of one connector.

A conftest imports `sandbox` and `session_caller`, so that each folder has a server of its own.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from uzel.connector import Answer, Operation
from uzel.kit.http import new_client
from uzel.sandbox.server import running

WAIT_S = 30


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a sandbox."""
    with running() as url:
        yield url


def doors_of(
    sandbox: str, connector: str | None = None, settings: BaseModel | None = None
) -> Iterator[httpx2.Client]:
    """The sandbox's control doors: no faults, an empty journal, and a connector's settings as in
    the beginning.
    """
    with httpx2.Client(base_url=sandbox, trust_env=False) as http:
        http.delete("/_faults").raise_for_status()
        http.delete("/_journal").raise_for_status()
        if settings is not None:
            beginnings = settings.model_dump()
            http.post(f"/{connector}/_settings", json=beginnings).raise_for_status()
        yield http


class Caller:
    """Operations and whatever else takes a client: one client for all, since making one is slow."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner
        self.http = new_client("http://127.0.0.1")
        self.patience = self.http.timeout

    def __call__(self, config: Any, work: Callable[..., Any], *given: Any) -> Any:
        """caller(config, function, *arguments)"""
        self.http.base_url = httpx2.URL(config.base_url)

        async def ask() -> Any:
            return await work(self.http, config, *given)

        return self.runner.run(ask())

    def run(self, operation: Operation, config: Any, arguments: Mapping[str, Any]) -> Answer:
        answer: Answer = self(config, operation.run, arguments)
        return answer

    def look_up(
        self, operation: Operation, config: Any, reference: str, arguments: Mapping[str, Any]
    ) -> Answer | None:
        assert operation.look_up is not None, "this operation cannot be looked up"
        found: Answer | None = self(config, operation.look_up, reference, arguments)
        return found


@pytest.fixture(scope="session")
def session_caller() -> Iterator[Caller]:
    with asyncio.Runner() as runner:
        caller = Caller(runner)
        yield caller
        runner.run(caller.http.aclose())


def finished_run(http: httpx2.Client, connector: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Start a run and wait until it has finished; returns its progress."""
    started = http.post(f"/{connector}/_run", json=asked)
    assert started.status_code == 201, started.text
    until = monotonic() + WAIT_S
    while monotonic() < until:
        progress: dict[str, Any] = http.get(f"/{connector}/_run/{started.json()['run']}").json()
        if progress["finished"]:
            return progress
        sleep(0.01)
    raise AssertionError(progress)
