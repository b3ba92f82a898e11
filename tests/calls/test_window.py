"""Never more than seven requests in any second by the provider's clock, however held up."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parts import Sandbox, go, open_hub
from uzel.calls.window import GRAIN_S, LONGEST_WAY_S, SECOND, Window, pause_s
from uzel.kit.database import open_pool

MOST = 7


def arrivals(requests: int, apart_s: float, delays: list[float], way_s: float) -> list[float]:
    """When requests arrive that want to leave `apart_s` apart and are held up by `delays`."""
    sent: list[tuple[float, float]] = []

    def ages(at: float) -> list[float]:
        found = []
        for left, held_up in sent:
            latest = left + held_up if at >= left + held_up + 2 * way_s else at
            if at - latest <= SECOND + GRAIN_S:
                found.append(max(0.0, at - latest))
        return sorted(found)

    at = 0.0
    for number in range(requests):
        at = max(at, number * apart_s)
        while (wait_s := pause_s(ages(at), MOST)) > 0:
            at += wait_s
        sent.append((at, delays[number % len(delays)]))
    return sorted(left + held_up + way_s for left, held_up in sent)


def no_second_holds_more(at: list[float], second: float = SECOND) -> bool:
    return all(later - earlier >= second for earlier, later in zip(at, at[MOST:], strict=False))


@given(
    st.floats(0, 0.3), st.lists(st.floats(0, 0.7), min_size=1, max_size=20), st.floats(0.001, 0.2)
)
@settings(max_examples=100, deadline=None)
def test_no_second_holds_more(apart_s: float, delays: list[float], way_s: float) -> None:
    assert no_second_holds_more(arrivals(40, apart_s, delays, way_s))


@pytest.mark.parametrize("apart_s", [0.0, 0.147])
def test_nothing_is_lost_where_nothing_is_held_up(apart_s: float) -> None:
    at = arrivals(70, apart_s, [0.0], 0.001)
    ideal = 70 / MOST * (SECOND + GRAIN_S) if apart_s == 0.0 else 70 * apart_s
    assert at[-1] - at[0] < ideal * 1.02 + 0.2


def test_a_request_without_an_answer_holds_its_place() -> None:
    """Until it is given up it may arrive at any moment."""
    rng = random.Random(4)
    at = arrivals(30, 0.1, [rng.choice([0.0, 3.0]) for _ in range(11)], 0.02)
    assert no_second_holds_more(at)


def test_two_processes_share_a_window(module_dsn: str, sandbox: Sandbox) -> None:
    """Each has a pool and a window of its own; what they send, all at once, arrives together."""

    async def story() -> list[float]:
        async with (
            open_hub(module_dsn, sandbox.url, also=["amocrm"]) as hub,
            await open_pool(module_dsn, size=3, name="two") as second,
        ):
            connection_id = hub.others["amocrm"][0]
            windows = [Window(pool, connection_id, MOST) for pool in (hub.pool, second)]
            rng = random.Random(5)
            at: list[float] = []

            async def ask(window: Window, held_up_s: float) -> None:
                passage = await window.enter()
                await asyncio.sleep(held_up_s)
                at.append(asyncio.get_running_loop().time())
                await window.leave(passage)

            for window in windows:
                await ask(window, 0.0)
            await asyncio.gather(
                *(ask(windows[number % 2], rng.choice([0.0, 0.2])) for number in range(24))
            )
            return sorted(at)

    # The loop that notes them is as late as it likes: that is no matter of the window.
    assert no_second_holds_more(go(story), SECOND - 0.05)


def test_the_place_of_a_dead_process_is_free_again(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with open_hub(module_dsn, sandbox.url, also=["amocrm"]) as hub:
            connection_id = hub.others["amocrm"][0]
            dead = Window(hub.pool, connection_id, 1)
            await dead.enter()
            living = asyncio.create_task(Window(hub.pool, connection_id, 1).enter())
            done, _ = await asyncio.wait({living}, timeout=1.2)
            assert not done
            await hub.pool.execute(
                "update passage set sent_at = sent_at - make_interval(secs => $1) "
                "where connection_id = $2",
                LONGEST_WAY_S,
                connection_id,
            )
            await living
            left = "select count(*) from passage where connection_id = $1"
            assert await hub.pool.fetchval(left, connection_id) == 1

    go(story)
