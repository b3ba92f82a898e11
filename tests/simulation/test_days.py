"""Days of payouts, everything going wrong: nobody is paid twice, nothing is void that was paid, and
all of it ends. What fails names its world: `SIMULATION=seed.number` plays that one alone.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator

import pytest

from simulation.days import SIZE, Figures, days, prepare

MOST, BRIEF = 100_000, 30


@pytest.fixture(scope="module")
def another(
    copying: Callable[[], contextlib.AbstractContextManager[str]],
) -> Iterator[tuple[str, int]]:
    """A database in which nothing was simulated yet."""
    with copying() as dsn:
        yield dsn, asyncio.run(prepare(dsn))


def played(through: tuple[str, int], payouts: int, size: int = SIZE) -> Figures:
    """From a seed of the moment, or the world that was asked for."""
    asked = os.environ.get("SIMULATION", "")
    seed, _, first = (asked or str(time.time_ns())).partition(".")
    payouts = 1 if asked else int(os.environ.get("SIMULATED_PAYOUTS", payouts))
    print(f"seed {seed}")  # shown if it fails
    figures = days(*through, seed, payouts, size, int(first or 0))
    print(figures.told())
    return figures


def test_nobody_is_paid_twice_and_nothing_is_stuck(timed: tuple[str, int]) -> None:
    assert played(timed, 2 * BRIEF, BRIEF).faults == []


def test_the_same_seed_is_the_same_run(timed: tuple[str, int], another: tuple[str, int]) -> None:
    first = days(*timed, "again", 1, 12, first=7)
    second = days(*another, "again", 1, 12, first=7)
    assert (first.faults, second.faults) == ([], [])
    assert first.digests == second.digests


@pytest.mark.long
def test_nobody_is_paid_twice_in_a_hundred_thousand(another: tuple[str, int]) -> None:
    assert played(another, MOST).faults == []
