"""A database whose time is a simulation's."""

import asyncio
from collections.abc import Iterator

import pytest

from simulation.days import prepare


@pytest.fixture(scope="session")
def timed(server_dsn: str, template_database: str) -> Iterator[tuple[str, int]]:
    """One for all simulations of a run: its address, and the connection to pay through."""
    from conftest import copied

    with copied(server_dsn, template_database) as dsn:
        yield dsn, asyncio.run(prepare(dsn))
