"""The queue: at least once, by whoever is alive, with or without a database that stays."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from parts import go, until
from uzel import migrations
from uzel.jobs.queue import enqueue, prune, waiting
from uzel.jobs.worker import Periodic, Worker
from uzel.kit import database
from uzel.kit.embedded import EmbeddedPostgres

# Takes one job, says so, and never ends it.
STUCK = """
import asyncio, sys
from uzel.jobs.worker import Worker

async def stuck(payload):
    print(payload, flush=True)
    await asyncio.sleep(600)

asyncio.run(Worker(sys.argv[1], {"work": stuck}).run())
"""


async def put(dsn: str, *payloads: Any, **options: Any) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            for payload in payloads:
                await enqueue(connection, "work", payload, **options)
    finally:
        await connection.close()


async def empty(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return not await waiting(connection)
    finally:
        await connection.close()


def working(
    dsn: str,
    handler: Callable[[Any], Awaitable[None]],
    work: Callable[[Worker], Awaitable[None]],
    *periodic: Periodic,
) -> None:
    """Run `work` beside a worker with this handler; the worker ends in good order."""

    async def run() -> None:
        worker = Worker(dsn, {"work": handler}, periodic)
        running = asyncio.create_task(worker.run())
        try:
            await work(worker)
        finally:
            worker.stop()
            await asyncio.wait_for(running, 30)

    go(run)


def test_what_was_committed_is_run_and_what_was_rolled_back_is_not(dsn: str) -> None:
    seen: list[Any] = []

    async def note(payload: Any) -> None:
        seen.append(payload)

    async def work(worker: Worker) -> None:
        await put(dsn, {"n": 1}, [1, 2], None)
        connection = await asyncpg.connect(dsn)
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, "work", "never")
        await transaction.rollback()
        await connection.close()
        await put(dsn, "last")
        await until(lambda: empty(dsn))
        assert sorted(map(str, seen)) == sorted(map(str, [{"n": 1}, [1, 2], None, "last"]))

    working(dsn, note, work)


@pytest.mark.parametrize("error", [ValueError("a bug"), ConnectionResetError()])
def test_a_failed_job_is_tried_again_and_again(dsn: str, error: Exception) -> None:
    tries: list[Any] = []

    async def second_time_lucky(payload: Any) -> None:
        tries.append(payload)
        if len(tries) < 2:
            raise error

    async def work(worker: Worker) -> None:
        await put(dsn, 7)
        await until(lambda: tried(2))
        await until(lambda: empty(dsn))
        assert tries == [7, 7]

    async def tried(times: int) -> bool:
        return len(tries) >= times

    working(dsn, second_time_lucky, work)


def test_what_failed_leaves_nothing_secret_in_the_queue(dsn: str) -> None:
    async def fail(payload: Any) -> None:
        raise ValueError("api_id=canary-5521 of guest +79991234567")

    async def work(worker: Worker) -> None:
        await put(dsn, 7)
        connection = await asyncpg.connect(dsn)
        while not await connection.fetchval("select count(*) from pgqueuer where attempts > 0"):
            await asyncio.sleep(0.05)
        kept = await connection.fetch(
            "select t::text from pgqueuer t union all select t::text from pgqueuer_log t"
        )
        await connection.execute("delete from pgqueuer")
        await connection.close()
        assert kept and "canary" not in str(kept) and "1234567" not in str(kept)

    working(dsn, fail, work)


def test_one_word_means_one_job(dsn: str) -> None:
    async def run() -> None:
        for _ in range(3):
            await put(dsn, 1, 2, once="a word")
        await put(dsn, 3, once="another")
        connection = await asyncpg.connect(dsn)
        assert await waiting(connection) == {"work": 2}
        await connection.close()

    go(run)


def test_stopping_lets_a_job_finish(dsn: str) -> None:
    seen: list[str] = []

    async def slow(payload: Any) -> None:
        seen.append("begun")
        await asyncio.sleep(1)
        seen.append("done")

    async def work(worker: Worker) -> None:
        await put(dsn, 1)
        await until(begun)
        worker.stop()

    async def begun() -> bool:
        return bool(seen)

    working(dsn, slow, work)
    assert seen == ["begun", "done"]
    assert asyncio.run(empty(dsn))


def test_the_job_of_a_worker_that_was_killed_is_run_by_another(dsn: str) -> None:
    seen: list[Any] = []

    async def note(payload: Any) -> None:
        seen.append(payload)

    asyncio.run(put(dsn, "a job"))
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, dsn], stdout=subprocess.PIPE, text=True
    ) as stuck:
        assert stuck.stdout is not None
        assert stuck.stdout.readline() == "a job\n"
        stuck.kill()

    async def work(worker: Worker) -> None:
        await until(lambda: empty(dsn))
        assert seen == ["a job"]

    working(dsn, note, work)


def test_what_is_done_regularly_outlives_every_error(dsn: str) -> None:
    rounds: list[int] = []

    async def round_and_round() -> None:
        rounds.append(len(rounds))
        raise [ValueError("a bug"), ConnectionResetError(), asyncpg.DataError("no")][
            len(rounds) % 3
        ]

    async def nothing(payload: Any) -> None:
        """No jobs here."""

    async def work(worker: Worker) -> None:
        await until(lambda: turned(7))

    async def turned(times: int) -> bool:
        return len(rounds) >= times

    working(dsn, nothing, work, Periodic("test", 0.01, round_and_round))


@pytest.fixture
def own_postgres(tmp_path: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(tmp_path / "data")


def test_after_a_crash_of_the_database_work_goes_on_by_itself(
    own_postgres: EmbeddedPostgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Killed twice, once in the middle of a job; a job that takes long holds up no other. What is
    logged of it has no traceback.
    """
    seen: list[Any] = []
    endless = asyncio.Event()

    async def note(payload: Any) -> None:
        if payload == "endless":
            await endless.wait()
        seen.append(payload)

    async def done(payload: str) -> bool:
        return payload in seen

    with own_postgres as postgres:
        dsn = postgres.dsn
        migrations.upgrade_now(dsn)

        async def work(worker: Worker) -> None:
            await put(dsn, "endless", "before")
            await until(lambda: done("before"))
            for number in range(2):
                pid = int((tmp_path / "data/postgres/postmaster.pid").read_text().split()[0])
                os.kill(pid, signal.SIGKILL)
                await asyncio.to_thread(postgres.wait, 20)
                await asyncio.sleep(number)
                await asyncio.to_thread(postgres.start)
                await put(dsn, f"after {number}")
                await until(lambda n=number: done(f"after {n}"))  # type: ignore[misc]
            endless.set()
            await until(lambda: done("endless"))

        working(dsn, note, work)
    gc.collect()  # asyncio tells of an exception nobody asked for when its task goes
    assert "the queue lost its database" in caplog.text
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_an_empty_log_costs_nobody_anything(dsn: str) -> None:
    """Emptying needs the table for itself: while somebody writes, it gives way at once."""

    async def run() -> None:
        pool = await database.open_pool(dsn, size=4, name="test", json=False)
        count = "select count(*) from pgqueuer_log"
        async with pool.acquire() as busy, busy.transaction():
            await enqueue(busy, "work", 1)
            await asyncio.wait_for(asyncio.gather(prune(pool), put(dsn, 2)), 20)
            assert await pool.fetchval(count) == 1
        assert await pool.fetchval(count) == 2
        await prune(pool)
        assert await pool.fetchval(count) == 0
        async with pool.acquire() as connection:
            assert await waiting(connection) == {"work": 2}
        pool.terminate()

    go(run)
