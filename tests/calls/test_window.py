"""Never more than seven requests in any second by the provider's clock, however held up."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uzel.calls.window import GRAIN_S, SECOND, Window

MOST = 7


class Sped(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer, so that seconds pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0.0

    def time(self) -> float:
        return self._at

    def _run_once(self) -> None:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if not self._ready and timers:  # type: ignore[attr-defined]
            self._at = max(self._at, timers[0].when())
        super()._run_once()  # type: ignore[misc]


def arrivals(requests: int, apart_s: float, delays: list[float], way_s: float) -> list[float]:
    """When requests arrive that want to leave `apart_s` apart and are held up by `delays`."""
    loop = Sped()
    found: list[float] = []

    async def one(window: Window, held_up_s: float) -> None:
        passage = await window.enter()
        await asyncio.sleep(way_s + held_up_s)
        found.append(loop.time())
        await asyncio.sleep(way_s)
        window.leave(passage)

    async def run() -> None:
        window = Window(MOST)
        # What the fastest takes is known.
        await one(window, 0.0)
        tasks = []
        for number in range(requests):
            tasks.append(asyncio.create_task(one(window, delays[number % len(delays)])))
            await asyncio.sleep(apart_s)
        await asyncio.gather(*tasks)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return sorted(found)


@given(
    st.floats(0, 0.3), st.lists(st.floats(0, 0.7), min_size=1, max_size=20), st.floats(0.001, 0.2)
)
@settings(max_examples=60, deadline=None)
def test_no_second_holds_more(apart_s: float, delays: list[float], way_s: float) -> None:
    at = arrivals(40, apart_s, delays, way_s)
    assert all(later - earlier >= SECOND for earlier, later in zip(at, at[MOST:], strict=False))


@pytest.mark.parametrize("apart_s", [0.0, 0.147])
def test_nothing_is_lost_where_nothing_is_held_up(apart_s: float) -> None:
    at = arrivals(70, apart_s, [0.0], 0.05)
    ideal = 70 / MOST * (SECOND + GRAIN_S) if apart_s == 0.0 else 70 * apart_s
    assert at[-1] - at[0] < ideal * 1.02 + 0.2


def test_a_request_without_an_answer_holds_its_place() -> None:
    """Until it is given up it may arrive at any moment."""
    rng = random.Random(4)
    at = arrivals(30, 0.1, [rng.choice([0.0, 3.0]) for _ in range(11)], 0.02)
    assert all(later - earlier >= SECOND for earlier, later in zip(at, at[MOST:], strict=False))
