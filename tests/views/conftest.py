"""Readers of the sample data."""

from collections.abc import Iterator

import pytest

from parts import module_dsn
from reading import Reading

__all__ = ["module_dsn"]


@pytest.fixture
def own(sample_dsn: str) -> Iterator[Reading]:
    """The sample, for a test that changes it."""
    reading = Reading(sample_dsn)
    yield reading
    reading.close()


@pytest.fixture(scope="module")
def sample(shared_sample_dsn: str) -> Iterator[Reading]:
    """The sample, left as it is."""
    reading = Reading(shared_sample_dsn)
    yield reading
    reading.close()
