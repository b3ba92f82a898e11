"""Group commit of webhooks: fewer commits than rows, every answer true, nobody pays for another."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import Hub, go, open_hub, until, visit
from uzel import migrations
from uzel.events.door import BUSY, NOT_READABLE, Request
from uzel.events.receive import ROOM, Raw, Receiver, digest_of
from uzel.kit import database
from uzel.kit.batch import Full
from uzel.kit.embedded import EmbeddedPostgres
from uzel.kit.embedded.processes import server_processes, tag_of

NOWHERE = "http://127.0.0.1:9"


def raw(connection_id: int, body: bytes, query: str = "") -> Raw:
    return Raw(connection_id, digest_of(query, body), "192.0.2.7", query, "{}", body)


def fresh(connection_id: int) -> Raw:
    return raw(connection_id, uuid4().bytes)


async def stored(hub: Hub, bodies: list[bytes]) -> list[Any]:
    return await hub.pool.fetch(
        "select id, body, xmin::text as commit from raw_event where body = any($1::bytea[]) "
        "and connection_id = $2 order by id",
        bodies,
        hub.iiko,
    )


async def queued(hub: Hub) -> list[int]:
    """Ids in the waiting jobs."""
    rows = await hub.pool.fetch(
        "select convert_from(payload, 'UTF8')::jsonb as ids from pgqueuer "
        "where entrypoint = 'events'"
    )
    return [number for row in rows for number in row["ids"]]


def test_webhooks_that_come_together_share_commits_and_each_gets_its_wake(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            receiver = Receiver(hub.pool)
            raws = [fresh(hub.iiko) for _ in range(400)]
            ids = await asyncio.gather(*(receiver.store(item) for item in raws))
            rows = await stored(hub, [item.body for item in raws])
            assert sorted(row["id"] for row in rows) == sorted(i for i in ids if i is not None)
            assert (
                [rows_by[item.body] for item in raws] == ids
                if (rows_by := {row["body"]: row["id"] for row in rows})
                else False
            )
            assert len({row["commit"] for row in rows}) <= 8
            waiting = await queued(hub)
            assert all(waiting.count(row["id"]) == 1 for row in rows)

    go(run)


def test_of_equal_requests_exactly_one_is_new(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            receivers = [Receiver(hub.pool) for _ in range(3)]
            raws = [fresh(hub.iiko) for _ in range(20)]
            answers = await asyncio.gather(
                *(receiver.store(item) for _ in range(3) for receiver in receivers for item in raws)
            )
            new = [answer for answer in answers if answer is not None]
            assert len(new) == len(set(new)) == 20
            assert len(await stored(hub, [item.body for item in raws])) == 20

    go(run)


@given(st.lists(st.sampled_from(["good", "nul", "half"]), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_request_the_database_refuses_costs_no_neighbour(
    module_dsn: str, kinds: list[str]
) -> None:
    queries = {"good": "x=1", "nul": "x=\x00", "half": "x=\ud800"}

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            receiver = Receiver(hub.pool)
            raws = [
                fresh(hub.iiko)._replace(query=queries[kind], digest=uuid4().bytes)
                for kind in kinds
            ]
            answers = await asyncio.gather(
                *(receiver.store(item) for item in raws), return_exceptions=True
            )
            for kind, answer in zip(kinds, answers, strict=True):
                assert isinstance(answer, int if kind == "good" else asyncpg.DataError)
            rows = await stored(hub, [item.body for item in raws])
            assert len(rows) == kinds.count("good")

    go(run)


def test_a_request_that_cannot_be_stored_is_refused_and_counted(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            request = Request("iiko", [], f"a=\x00&key={hub.iiko_key}", b"{}", None)
            assert await hub.door.enter(request) == NOT_READABLE

    go(run)


def test_when_it_is_full_it_says_so_at_once(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            blocker = await asyncpg.connect(module_dsn)
            await blocker.execute("begin; lock table raw_event in access exclusive mode")
            receiver = hub.door._receiver
            waiting = [receiver.store(fresh(hub.iiko))]
            await until(lambda: held_up(hub))
            while not hub.door.full:
                waiting.append(receiver.store(fresh(hub.iiko)))
            assert len(waiting) >= ROOM
            with pytest.raises(Full):
                receiver.store(fresh(hub.iiko))
            assert await hub.post(visit(str(uuid4()))) == BUSY
            await blocker.execute("rollback")
            await blocker.close()
            ids = await asyncio.gather(*waiting)
            assert len(set(ids)) == len(waiting) and None not in ids
            assert (await hub.post(visit(str(uuid4())))).status == 200

    async def held_up(hub: Hub) -> bool:
        return bool(
            await hub.pool.fetchval(
                "select exists (select 1 from pg_stat_activity where wait_event_type = 'Lock' "
                "and query ~ 'insert into raw_event' and datname = current_database())"
            )
        )

    go(run)


def test_without_a_database_the_door_says_busy_and_with_it_works_again(tmp_path: Path) -> None:
    """Killed, and killed once more while requests wait; each request gets an answer, and a 200
    means stored.
    """
    with EmbeddedPostgres(tmp_path / "data") as postgres:
        migrations.upgrade_now(postgres.dsn)

        async def run() -> None:
            pool = await database.open_pool(postgres.dsn, size=4, name="test")
            async with open_hub(postgres.dsn, NOWHERE, pool=pool) as hub:
                acknowledged: list[str] = []
                answers: list[int] = []

                async def knock() -> None:
                    while not done.is_set():
                        order = str(uuid4())
                        reply = await hub.post(visit(order))
                        answers.append(reply.status)
                        if reply.status == 200:
                            acknowledged.append(order)

                done = asyncio.Event()
                knocking = [asyncio.create_task(knock()) for _ in range(8)]
                for _ in range(2):
                    await until(lambda: seen_lately(answers, 200))
                    await asyncio.to_thread(crash, postgres)
                    await until(lambda: seen_lately(answers, 503))
                    await asyncio.to_thread(postgres.start)
                await until(lambda: seen_lately(answers, 200))
                done.set()
                await asyncio.gather(*knocking)
                rows = await hub.pool.fetch("select body from raw_event")
            kept = b"".join(row["body"] for row in rows).decode()
            assert set(answers) == {200, 503}
            assert [order for order in acknowledged if order not in kept] == []
            pool.terminate()

        go(run)


async def seen_lately(answers: list[int], status: int) -> bool:
    """Whether this is one of the last answers."""
    return status in answers[-20:]


def crash(postgres: EmbeddedPostgres) -> None:
    """kill -9 of the leading process."""
    pid = int((postgres._folder / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    postgres.wait(20)


def test_a_database_that_hangs_costs_an_answer_not_the_process(tmp_path: Path) -> None:
    """Every process of the server stands still; waking up, it takes what comes."""
    with EmbeddedPostgres(tmp_path / "data") as postgres:
        migrations.upgrade_now(postgres.dsn)

        async def run() -> None:
            async with open_hub(postgres.dsn, NOWHERE) as hub:
                assert (await hub.post(visit(str(uuid4())))).status == 200
                hold(tmp_path / "data", signal.SIGSTOP)
                try:
                    orders = [str(uuid4()) for _ in range(20)]
                    # Sooner than asyncpg itself gives up on a server that hangs.
                    async with asyncio.timeout(20):
                        replies = await asyncio.gather(*(hub.post(visit(o)) for o in orders))
                    assert {reply.status for reply in replies} == {503}
                finally:
                    hold(tmp_path / "data", signal.SIGCONT)
                # The senders come again.
                for order in orders:
                    assert (await until(lambda o=order: accepted(hub, o))) is True  # type: ignore[misc]
                rows = await hub.pool.fetch("select body from raw_event")
                text = b"".join(row["body"] for row in rows).decode()
                # What had been refused may have been stored all the same: once.
                assert all(text.count(order) >= 1 for order in orders)

        go(run)


async def accepted(hub: Hub, order: str) -> bool:
    return (await hub.post(visit(order))).status == 200


def hold(data_dir: Path, number: signal.Signals) -> None:
    """A signal to every process of the server."""
    for pid in server_processes(tag_of(data_dir)):
        os.kill(pid, number)
