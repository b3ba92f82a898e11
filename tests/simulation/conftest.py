"""A database whose time is a simulation's."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import pytest

from simulation.days import prepare


@pytest.fixture(scope="session")
def timed(
    copying: Callable[[], contextlib.AbstractContextManager[str]],
) -> Iterator[tuple[str, int]]:
    """One for all simulations of a run: its address, and the connection to pay through."""
    with copying() as dsn:
        yield dsn, asyncio.run(prepare(dsn))


@pytest.fixture
def untouched(
    copying: Callable[[], contextlib.AbstractContextManager[str]],
) -> Iterator[tuple[str, int]]:
    """One in which no world has left looks that it had no time for."""
    with copying() as dsn:
        yield dsn, asyncio.run(prepare(dsn))
