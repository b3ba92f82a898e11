"""kill -9 at every await of a payout, from the wish to its end: paid once or not at all, and known
to be so.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable

import pytest

from simulation.days import prepare
from simulation.kills import kill_at

WAYS = ("card", "new person", "known person")
# Awaits in one database.
PART = 60
FATES = ("fine", "lost after", "lost before", "422", "reset after", "500 before", "409 after")
# A part of the awaits, another one in each.
BRIEF = (
    ("new person", "fine", slice(0, None, 19)),
    ("card", "lost after", slice(7, None, 17)),
)


def kill_and_judge(through: tuple[str, int], way: str, fate: str, places: slice) -> int:
    """How many awaits there are."""
    found = kill_at(*through, way, fate, places)
    assert found.faults == []
    # Towards the end there are some awaits more or less, as the last chores come.
    assert found.kills > 0.7 * len(range(found.awaits)[places])
    return found.awaits


@pytest.mark.parametrize(("way", "fate", "places"), BRIEF)
def test_whoever_is_killed_at_some_awaits(
    timed: tuple[str, int], way: str, fate: str, places: slice
) -> None:
    assert kill_and_judge(timed, way, fate, places) > 30


@pytest.mark.long
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("way", WAYS)
def test_whoever_is_killed_at_every_await(
    copying: Callable[[], contextlib.AbstractContextManager[str]], way: str, fate: str
) -> None:
    """A database for each part: looking for payouts takes the longer the more there are."""
    kills = 0
    for start in itertools.count(0, PART):
        with copying() as dsn:
            through = asyncio.run(prepare(dsn))
            found = kill_at(dsn, through, way, fate, slice(start, start + PART))
        assert found.faults == []
        kills += found.kills
        if start + PART >= found.awaits:
            break
    # How long one lives who was lost before is left to chance: some ends come sooner.
    assert kills > 0.6 * found.awaits
    print(f"{way}, {fate}: killed at {kills} of {found.awaits} awaits")
