"""Group commit: order, limits, failures, and that nobody is left waiting."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uzel.kit.batch import Batcher, Full

Flush = Callable[[Sequence[int]], Awaitable[Sequence[int]]]
WAIT_S = 20


async def turns(number: int) -> None:
    """Let the loop go round `number` times."""
    for _ in range(number):
        await asyncio.sleep(0)


def held() -> tuple[asyncio.Event, list[list[int]], Flush]:
    """A flush that waits for the event, notes its batches and answers tenfold."""
    gate, batches = asyncio.Event(), []

    async def flush(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        await gate.wait()
        return [item * 10 for item in items]

    return gate, batches, flush


def test_items_that_wait_during_a_flush_share_the_next_one() -> None:
    async def run() -> None:
        gate, batches, flush = held()
        batcher = Batcher(flush, most=5, at_once=1)
        first = batcher.submit(1)
        await turns(3)
        rest = [batcher.submit(number) for number in range(2, 10)]
        assert batcher.waiting == 8
        gate.set()
        assert await asyncio.wait_for(asyncio.gather(first, *rest), WAIT_S) == [
            number * 10 for number in range(1, 10)
        ]
        assert batches == [[1], [2, 3, 4, 5, 6], [7, 8, 9]]

    asyncio.run(run())


def test_an_item_that_comes_while_the_last_flush_ends_is_not_forgotten() -> None:
    async def run() -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answers = iter((gate,))

        async def flush(items: Sequence[int]) -> Sequence[int]:
            if waited_for := next(answers, None):
                await waited_for
            return items

        batcher = Batcher(flush, at_once=1)
        first = batcher.submit(1)
        await turns(3)
        late: list[asyncio.Future[int]] = []
        # Both run in the next turn, in this order: the flush ends, then the item comes, before
        # anybody was told that the flush has ended.
        gate.set_result(None)
        asyncio.get_running_loop().call_soon(lambda: late.append(batcher.submit(2)))
        assert await asyncio.wait_for(first, WAIT_S) == 1
        assert await asyncio.wait_for(late[0], WAIT_S) == 2

    asyncio.run(run())


def test_more_than_the_room_is_refused_at_once() -> None:
    async def run() -> None:
        gate, _, flush = held()
        batcher = Batcher(flush, at_once=1, room=3)
        taken = [batcher.submit(0)]
        await turns(3)
        taken += [batcher.submit(number) for number in range(3)]
        with pytest.raises(Full):
            batcher.submit(9)
        gate.set()
        await asyncio.wait_for(asyncio.gather(*taken), WAIT_S)
        assert await asyncio.wait_for(batcher.submit(5), WAIT_S) == 50

    asyncio.run(run())


def test_a_failed_flush_fails_its_own_callers_only() -> None:
    async def run() -> None:
        async def flush(items: Sequence[int]) -> Sequence[int]:
            if 1 in items:
                raise ConnectionResetError
            return items

        batcher = Batcher(flush, most=2, at_once=1)
        futures = [batcher.submit(number) for number in (0, 1, 2, 3)]
        answers = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), WAIT_S)
        assert [type(answer) for answer in answers[:2]] == [ConnectionResetError] * 2
        assert answers[2:] == [2, 3]

    asyncio.run(run())


def test_a_result_that_is_an_error_is_raised_to_its_caller_alone() -> None:
    async def run() -> None:
        async def flush(items: Sequence[int]) -> list[int | Exception]:
            return [ValueError("odd") if item % 2 else item for item in items]

        batcher = Batcher(flush)
        futures = [batcher.submit(number) for number in range(4)]
        answers = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), WAIT_S)
        assert [answers[0], answers[2]] == [0, 2]
        assert isinstance(answers[1], ValueError) and isinstance(answers[3], ValueError)

    asyncio.run(run())


def test_a_caller_that_gave_up_costs_nobody_anything() -> None:
    async def run() -> None:
        gate, _, flush = held()
        batcher = Batcher(flush, at_once=1)
        futures = [batcher.submit(number) for number in range(3)]
        await turns(3)
        futures[1].cancel()
        gate.set()
        assert await asyncio.wait_for(futures[0], WAIT_S) == 0
        assert await asyncio.wait_for(futures[2], WAIT_S) == 20
        assert await asyncio.wait_for(batcher.submit(7), WAIT_S) == 70

    asyncio.run(run())


def test_close_waits_for_everything_submitted() -> None:
    async def run() -> None:
        gate, batches, flush = held()
        batcher = Batcher(flush, most=1, at_once=2)
        futures = [batcher.submit(number) for number in range(5)]
        closing = asyncio.create_task(batcher.close())
        await turns(5)
        assert not closing.done()
        gate.set()
        await asyncio.wait_for(closing, WAIT_S)
        assert all(future.done() for future in futures)
        assert sorted(batches) == [[number] for number in range(5)]

    asyncio.run(run())


@given(
    st.lists(st.integers(0, 5), max_size=60),
    st.integers(1, 7),
    st.integers(1, 3),
    st.sets(st.integers(0, 20)),
)
@settings(max_examples=80, deadline=None)
def test_every_caller_is_answered_whatever_the_timing(
    pauses: list[int], most: int, at_once: int, failing: set[int]
) -> None:
    async def run() -> None:
        flushes, under_way, most_under_way = 0, 0, 0

        async def flush(items: Sequence[int]) -> Sequence[int]:
            nonlocal flushes, under_way, most_under_way
            number, flushes = flushes, flushes + 1
            under_way += 1
            most_under_way = max(most_under_way, under_way)
            assert 0 < len(items) <= most
            await turns(number % 4)
            under_way -= 1
            if number in failing:
                raise OSError
            return items

        batcher = Batcher(flush, most=most, at_once=at_once)
        futures = []
        for number, pause in enumerate(pauses):
            await turns(pause)
            futures.append(batcher.submit(number))
        answers = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), WAIT_S)
        assert all(a == n or isinstance(a, OSError) for n, a in enumerate(answers))
        assert most_under_way <= at_once

    asyncio.run(run())
