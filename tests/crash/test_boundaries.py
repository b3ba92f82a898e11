"""The way of a visit to its text, cut at every statement: first the connection, then the process.

For each boundary between us and PostgreSQL (see cutting_proxy) the whole way is gone once with a
cut exactly there; then provider, queue and periodic work do what they always do. The judge is the
provider's journal.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from cutting_proxy import Proxy, proxy_to
from parts import OUR_URL, RING, Hub, Sandbox, go, new_phone, new_runner, open_hub, until, visit
from uzel.app import flows
from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.calls.runner import Runner
from uzel.connections.registry import Registry
from uzel.events.door import Door, Request
from uzel.events.process import Processor
from uzel.events.receive import Receiver
from uzel.kit import database

NAME = "behind the proxy"


@dataclass
class Process:
    """The parts of one process whose every word to the database passes the proxy."""

    pool: database.Pool
    door: Door
    processor: Processor
    runner: Runner

    @classmethod
    async def start(cls, proxy: Proxy, hub: Hub) -> "Process":
        pool = await database.open_pool(proxy.own_dsn, size=1, name=NAME)
        registry = Registry(pool, RING)
        await registry.refresh()
        return cls(
            pool,
            Door(registry, Receiver(pool)),
            Processor(pool, registry, flows(registry, OUR_URL)),
            new_runner(pool, registry, hub.worker),
        )

    async def die(self, *tasks: asyncio.Task[Any]) -> None:
        """Nothing more is done or said, also not the last words of what is cancelled."""
        self.pool.terminate()
        while left := [task for task in (*tasks, *self.runner._running()) if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.sleep(0)

    async def go_the_way(self, hub: Hub, body: bytes) -> int:
        """From the webhook to the written answer; gives what the provider is answered."""
        request = Request("iiko", [], f"key={hub.iiko_key}", body, None)
        reply = await self.door.enter(request)
        ids = [row["id"] for row in await waiting(hub)]
        if ids:
            await self.processor.process(ids)
        await self.runner.pump(hub.smsru)
        while running := self.runner._running():
            await asyncio.wait(running)
        return reply.status


async def waiting(hub: Hub) -> list[Any]:
    return await hub.pool.fetch(
        "select id from raw_event where connection_id = $1 and state = 'received'", hub.iiko
    )


async def gone(hub: Hub) -> bool:
    """Whether the server has noticed that the cut connections are no more."""
    return not await hub.pool.fetchval(
        "select count(*) from pg_stat_activity where application_name = $1 and state <> 'idle'",
        f"uzel {NAME}",
    )


async def time_passes(hub: Hub) -> None:
    """Everything that waits for its time may go; nothing else is changed."""
    await hub.hurry()
    await hub.pool.execute(
        "update call set started_at = started_at - interval '30 seconds' "
        "where connection_id = $1 and state = 'sending'",
        hub.smsru,
    )


async def heal(process: Process, hub: Hub, body: bytes) -> None:
    """What happens by itself after a while: the provider repeats what was not answered with 200,
    the queue its jobs, the worker its rounds.
    """
    for _ in range(2):
        with contextlib.suppress(*database.PASSING):
            assert await process.go_the_way(hub, body) == 200
        await time_passes(hub)
        await calls_store.beat(process.pool, hub.worker, NAME)
        registry = process.runner._registry
        await recover.recover_abandoned(process.pool, registry, process.runner)
        await process.runner.take_back_lost()
        await process.runner.pump(hub.smsru)
        while running := process.runner._running():
            await asyncio.wait(running)


def of_one_visit(phone: str) -> bytes:
    return json.dumps([visit(str(uuid4()), phone=phone)]).encode()


def at_every_boundary(
    dsn: str,
    sandbox: Sandbox,
    cut_there: Callable[[Proxy, Hub, int], Coroutine[Any, Any, bool]],
) -> int:
    """Call `cut_there(proxy, hub, number)` for 1, 2, 3, … until it returns False: the way was gone
    to its end before that boundary. Gives their number.
    """

    async def run() -> int:
        async with open_hub(dsn, sandbox.url) as hub, proxy_to(dsn) as proxy:
            number = 1
            while await cut_there(proxy, hub, number):
                number += 1
                proxy.dead_after = False
            return number - 1

    return go(run)


def test_a_connection_lost_at_any_statement_loses_and_doubles_nothing(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """The process lives on: everything must end well, none may be left to a person."""

    async def cut_there(proxy: Proxy, hub: Hub, number: int) -> bool:
        process, phone = await Process.start(proxy, hub), new_phone()
        await process.go_the_way(hub, of_one_visit(new_phone()))
        body = of_one_visit(phone)
        proxy.arm(number)
        status = 0
        with contextlib.suppress(*database.PASSING):
            status = await process.go_the_way(hub, body)
        cut = proxy.was_cut.is_set()
        proxy.arm(None)
        await until(lambda: gone(hub))
        if status == 200:
            stored = await hub.pool.fetchval("select count(*) from raw_event where body = $1", body)
            assert stored == 1
        await heal(process, hub, body)
        (message,) = await hub.messages(phone)
        assert (message["state"], message["call_state"]) == ("accepted", "accepted"), number
        assert len(sandbox.sent(phone)) == 1, number
        process.pool.terminate()
        return cut

    assert at_every_boundary(module_dsn, sandbox, cut_there) >= 15


def test_a_process_that_dies_at_any_statement_loses_and_doubles_nothing(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """Another process takes over. A text that may have left waits for a person; no guest gets two,
    and every other gets one.
    """
    unknown: list[int] = []

    async def cut_there(proxy: Proxy, hub: Hub, number: int) -> bool:
        process, phone = await Process.start(proxy, hub), new_phone()
        await process.go_the_way(hub, of_one_visit(new_phone()))
        body = of_one_visit(phone)
        proxy.dead_after = True
        proxy.arm(number)
        living = asyncio.create_task(process.go_the_way(hub, body))
        dying = asyncio.create_task(proxy.was_cut.wait())
        await asyncio.wait((living, dying), return_when=asyncio.FIRST_COMPLETED)
        cut = proxy.was_cut.is_set()
        await process.die(living, dying)
        proxy.dead_after = False
        proxy.arm(None)
        await until(lambda: gone(hub))
        await take_over(hub, body)
        (message,) = await hub.messages(phone)
        texts = len(sandbox.sent(phone))
        if message["call_state"] == "unknown":
            unknown.append(number)
            assert texts <= 1, number
        else:
            assert (message["call_state"], texts) == ("accepted", 1), number
        return cut

    async def take_over(hub: Hub, body: bytes) -> None:
        """Another worker: the old one is silent, so its calls are in doubt."""
        await hub.post(body)
        await hub.process()
        await hub.pool.execute(
            "update worker set seen_at = now() - interval '1 minute' where id = $1", hub.worker
        )
        other = hub.new_runner()
        for _ in range(2):
            await time_passes(hub)
            await recover.recover_abandoned(hub.pool, hub.registry, other)
            await other.take_back_lost()
            await other.pump(hub.smsru)
            while running := other._running():
                await asyncio.wait(running)

    boundaries = at_every_boundary(module_dsn, sandbox, cut_there)
    assert boundaries >= 15
    # From the commit that takes the call over to the one that writes its answer down.
    assert 1 <= len(unknown) <= boundaries // 2
    assert unknown == list(range(unknown[0], unknown[-1] + 1))
