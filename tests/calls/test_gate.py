"""What lets calls through: the rate of a connection, its breaker, its being switched on."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from parts import OUR_URL, Hub, Sandbox, go, new_phone, open_hub, until
from uzel.app import owners
from uzel.calls import recover, store
from uzel.calls.closing import BREAKER_THRESHOLD, Closing
from uzel.calls.guard import Hold
from uzel.calls.outcome import Health, Result, State
from uzel.calls.runner import Runner
from uzel.connections.store import set_state
from uzel.kit import database

SECOND_S = 1.0
NOWHERE = "http://127.0.0.1:9"


async def nobody(connection: database.Connection, closed: Sequence[object]) -> None:
    """Nobody wants to know how these calls end."""


def result(hub: Hub, health: Health) -> Result:
    """The end of some call that says this about the connection."""
    return Result(0, hub.smsru, 0, State.UNKNOWN, health, detail="a lost answer")


async def write(hub: Hub, *healths: Health) -> None:
    """Results of calls, each in a transaction of its own."""
    closing = Closing(hub.pool, {"message": nobody})
    for health in healths:
        async with hub.pool.acquire() as connection, connection.transaction():
            await closing.write_down(connection, [result(hub, health)])


async def begin(hub: Hub, most: int = 64, rate_per_s: float = 1e6) -> list[int]:
    """Ids of the calls begun."""
    async with hub.pool.acquire() as connection:
        rows = await store.begin(connection, hub.smsru, most, rate_per_s, uuid4())
    return [row["id"] for row in rows if row["id"] is not None]


async def plan(hub: Hub, count: int) -> None:
    for _ in range(count):
        await hub.plan_text(new_phone())


async def shift_breaker(hub: Hub, seconds: float) -> None:
    """Let the time of the breaker pass."""
    await hub.pool.execute(
        "update call_breaker set open_until = open_until - make_interval(secs => $2), "
        "trial_at = trial_at - make_interval(secs => $2) where connection_id = $1",
        hub.smsru,
        seconds,
    )


async def open_for_s(hub: Hub) -> float:
    """For how many seconds the breaker opened; 0 while it is closed."""
    found: float | None = await hub.pool.fetchval(
        "select extract(epoch from open_until - changed_at)::float8 from call_breaker "
        "where connection_id = $1",
        hub.smsru,
    )
    return found or 0.0


def most_in_one_second(times: Sequence[float]) -> int:
    """The fullest second that can be laid over `times`."""
    ordered = sorted(times)
    return max(sum(start <= at < start + SECOND_S for at in ordered) for start in ordered)


@pytest.mark.parametrize(("rate_per_s", "count", "burst"), [(7.0, 25, 0), (40.0, 120, 4)])
def test_processes_together_keep_within_the_rate(
    module_dsn: str, rate_per_s: float, count: int, burst: int
) -> None:
    """Three pools stand for three processes, each taking what it can get."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await plan(hub, count)
            pools = [await database.open_pool(module_dsn, size=2, name="test") for _ in range(3)]

            async def take(pool: database.Pool) -> None:
                while await hub.pool.fetchval(
                    "select count(*) from call where connection_id = $1 and state = 'planned'",
                    hub.smsru,
                ):
                    async with pool.acquire() as connection:
                        await store.begin(connection, hub.smsru, 64, rate_per_s, uuid4())
                    await asyncio.sleep(0.003)

            await asyncio.gather(*(take(pool) for pool in pools for _ in range(2)))
            for pool in pools:
                pool.terminate()
            rows = await hub.pool.fetch(
                "select extract(epoch from started_at)::float8 as at, attempt from call "
                "where connection_id = $1",
                hub.smsru,
            )
        times = [row["at"] for row in rows]
        assert [row["attempt"] for row in rows] == [1] * count
        # One more than the rate: both ends of a second may be taken.
        assert most_in_one_second(times) <= rate_per_s + burst + 1
        # The allowance is also used.
        assert max(times) - min(times) <= 5 * count / rate_per_s + 5

    go(run)


def test_a_runner_uses_its_allowance_and_no_more(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, rate_per_s=20.0) as hub:
            await plan(hub, 40)
            await asyncio.gather(
                *(runner.pump(hub.smsru) for runner in (hub.runner, hub.new_runner()))
            )
            await until(lambda: all_accepted(hub))
            times = [
                row["at"]
                for row in await hub.pool.fetch(
                    "select extract(epoch from started_at)::float8 as at from call "
                    "where connection_id = $1",
                    hub.smsru,
                )
            ]
            assert most_in_one_second(times) <= 20 + 2 + 1

    async def all_accepted(hub: Hub) -> bool:
        return all(row["state"] == "accepted" for row in await hub.messages())

    go(run)


def test_calls_and_single_requests_take_turns(module_dsn: str) -> None:
    """Four who ask all the time, and the calls: none of the five comes always first."""
    rate_per_s, takers, for_s = 20.0, 4, 4.0

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await plan(hub, 60)
            taken, begun, over = 0, 0, asyncio.Event()

            async def take() -> None:
                nonlocal taken
                while not over.is_set():
                    mine, wait_s = await store.take_slot(hub.pool, hub.smsru, rate_per_s)
                    await asyncio.sleep(wait_s + (0 if mine else 0.02))
                    taken += mine

            async def make() -> None:
                nonlocal begun
                while not over.is_set():
                    async with hub.pool.acquire() as connection:
                        rows = await store.begin(connection, hub.smsru, 24, rate_per_s, uuid4())
                    begun += sum(row["id"] is not None for row in rows)
                    await asyncio.sleep(max(0.002, rows[0]["limited_for_s"]))

            tasks = [asyncio.create_task(take()) for _ in range(takers)]
            await asyncio.sleep(0.5)  # the line is full when the first call wants to go
            tasks.append(asyncio.create_task(make()))
            await asyncio.sleep(for_s)
            over.set()
            await asyncio.gather(*tasks)
            fair = rate_per_s * for_s / (takers + 1)
            assert begun > fair / 3
            assert taken > takers * fair / 3
            assert taken + begun <= rate_per_s * (for_s + 3.0)

    go(run)


def test_a_near_call_is_waited_for_a_far_one_is_left_to_who_looks_later(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            near, far = await hub.plan_text(new_phone()), await hub.plan_text(new_phone())
            for call, seconds in ((near, 0.3), (far, 300)):
                await hub.pool.execute(
                    "update call set due_at = clock_timestamp() + make_interval(secs => $2) "
                    "where id = $1",
                    call,
                    seconds,
                )
            queued = (
                "select count(*) from pgqueuer where entrypoint = 'calls' and execute_after > $1"
            )
            waking = f"select count(*) from pgqueuer where payload = '{hub.smsru}'"
            later = await hub.pool.fetchval("select now() + interval '200 seconds'")
            before = await hub.pool.fetchval(queued, later)
            await hub.call()
            assert (await hub.call_row(near))["state"] == "accepted"
            assert (await hub.call_row(far))["state"] == "planned"
            # A job for each far call would pile up; `wake_overdue` finds them in their time.
            assert await hub.pool.fetchval(queued, later) == before
            await hub.hurry()
            await recover.wake_overdue(hub.pool)
            assert await hub.pool.fetchval(waking) > 0

    go(run)


@pytest.mark.parametrize("state", ["paused", "off"])
def test_a_connection_that_is_not_active_begins_nothing_until_it_is(
    module_dsn: str, sandbox: Sandbox, state: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await hub.plan_text(phone)
            await set_state(hub.pool, hub.smsru, state, "a person said so")
            await hub.call()
            assert not sandbox.sent(phone)
            await set_state(hub.pool, hub.smsru, "active", None)
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_the_breaker_opens_after_five_shaky_results_in_a_row(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await plan(hub, 3)
            await write(hub, *[Health.SHAKY] * (BREAKER_THRESHOLD - 1), Health.GOOD)
            await write(hub, *[Health.SHAKY] * (BREAKER_THRESHOLD - 1))
            assert await open_for_s(hub) == 0
            assert len(await begin(hub, 1)) == 1
            await write(hub, Health.SHAKY)
            assert await open_for_s(hub) > 5
            assert await begin(hub) == []

    go(run)


def test_what_was_under_way_when_it_opened_does_not_keep_it_open_longer(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await write(hub, *[Health.SHAKY] * 64)
            assert 10 <= await open_for_s(hub) < 20
            # Each failed trial doubles the time, up to a quarter of an hour.
            for wait_s in (20, 40, 80, 160, 320, 640, 900, 900):
                await shift_breaker(hub, 1000)
                await write(hub, Health.SHAKY)
                assert wait_s <= await open_for_s(hub) < wait_s + 10

    go(run)


def test_a_half_open_breaker_lets_exactly_one_through(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await plan(hub, 10)
            await write(hub, *[Health.SHAKY] * BREAKER_THRESHOLD)
            await shift_breaker(hub, 11)
            begun = await asyncio.gather(*(begin(hub) for _ in range(6)))
            assert sum(len(ids) for ids in begun) == 1
            # The trial never ended: another one, after a while.
            await shift_breaker(hub, 31)
            begun = await asyncio.gather(*(begin(hub) for _ in range(6)))
            assert sum(len(ids) for ids in begun) == 1
            # It failed: closed again, for longer.
            await write(hub, Health.SHAKY)
            assert await begin(hub) == []
            await shift_breaker(hub, 1000)
            assert len(await begin(hub)) == 1
            # It went well: open to all.
            await write(hub, Health.GOOD)
            assert len(await begin(hub)) == 7

    go(run)


def test_a_person_can_close_the_breaker(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await plan(hub, 4)
            await write(hub, *[Health.SHAKY] * 12)
            assert await begin(hub) == []
            await hub.hurry()
            assert len(await begin(hub)) == 4

    go(run)


def test_a_process_that_was_held_up_says_nothing_about_the_provider(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await write(hub, *[Health.SAYS_NOTHING] * 64)
            assert await open_for_s(hub) == 0

    go(run)


def test_two_workers_never_begin_the_same_call(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await plan(hub, 60)
            begun = await asyncio.gather(*(begin(hub, 3) for _ in range(40)))
            ids = [call for some in begun for call in some]
            assert len(ids) == len(set(ids)) == 60

    go(run)


def test_calls_that_are_held_back_do_not_use_up_the_trial(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    """Many that wait for something else are due before the one that may leave."""

    async def guard(connection: database.Connection, effects: Sequence[str]) -> dict[str, Hold]:
        later = datetime.now(UTC) + timedelta(hours=1)
        return {it: Hold("not now", later) for it in effects if it not in may_leave}

    async def work() -> None:
        async with open_hub(shared_dsn, sandbox.url) as hub:
            await plan(hub, 40)
            number = await hub.plan_text(new_phone())
            may_leave.append((await hub.call_row(number))["effect"])
            await write(hub, *[Health.SHAKY] * BREAKER_THRESHOLD)
            await shift_breaker(hub, 3600)
            known = owners(hub.registry, OUR_URL)
            runner = Runner(hub.pool, hub.registry, known, uuid4(), {"message": guard})
            hub.runners.append(runner)
            await runner.pump(hub.smsru)
            while running := runner._running():
                await asyncio.wait(running)
            assert (await hub.call_row(number))["state"] == "accepted"

    may_leave: list[str] = []
    go(work)
