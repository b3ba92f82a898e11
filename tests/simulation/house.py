"""Processes of a simulation: the real parts, put together as a worker puts them, each of which may
be killed at any await and is started again.
"""

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import httpx2
import orjson

from simulation.clock import CHANCE, loop, now
from simulation.database import (
    BEGIN_NUMBERS,
    NUMBERED,
    OneByOne,
    Turns,
    cut,
    dial,
    open_pool,
)
from simulation.life import Life, of
from simulation.provider import Provider, Wire
from uzel.app import GUARDS, owners
from uzel.calls import recover, recover_store
from uzel.calls import store as calls_store
from uzel.calls.plan import gathered
from uzel.calls.reach import Paced, Reach
from uzel.calls.runner import Runner
from uzel.connections import store as connections
from uzel.connections.grants import Grants
from uzel.connections.registry import Active, Registry
from uzel.connector import Received
from uzel.connectors.konsol.webhook import parse
from uzel.events.event import Event
from uzel.flows.payouts import send
from uzel.flows.payouts.hints import on_told
from uzel.kit.secrets import KeyRing
from uzel.model.payout_hint import PayoutHint
from uzel.payouts.begin import Begun
from uzel.payouts.limits import Limits
from uzel.payouts.payout import Wish

T = TypeVar("T")
URL = "https://hub.example"
RING = KeyRing([b"simulation: not a secret at all!"])
# Of two processes one is enough to go on.
PROCESSES = 2


class Died(Exception):
    """The process was killed before it was done."""


class InProcess(Reach):
    """Reaches the provider of this process, and waits in line for it as always."""

    def __init__(self, pool: OneByOne, provider: Provider) -> None:
        super().__init__(pool, Grants(pool, RING, ""))
        self._sim_pool = pool
        self._provider = provider
        self._one: httpx2.AsyncClient | None = None

    def client(self, active: Active) -> httpx2.AsyncClient:
        if self._one is None:
            base_url = str(getattr(active.config, "base_url", ""))
            way = Paced(self._sim_pool, active, Wire(self._provider))
            self._one = httpx2.AsyncClient(base_url=base_url, transport=way, timeout=15.0)
        return self._one


@dataclass(eq=False)
class Process:
    """Worker and web in one."""

    name: str
    pool: OneByOne
    registry: Registry
    runner: Runner
    life: Life

    async def beat(self) -> None:
        await calls_store.beat(self.pool, self.runner.worker, self.name)

    async def chores(self) -> None:
        """What a worker does again and again; see `uzel.app.chores`."""
        pool, registry, runner = self.pool, self.registry, self.runner
        await self.beat()
        await registry.refresh()
        await recover.recover_abandoned(pool, registry, runner)
        await runner.take_back_lost()
        for number in await recover_store.waiting_connections(pool):
            await runner.wake(number)
        await recover.look_up_unknown(pool, registry, runner)

    async def begin(self, wish: Wish, limits: Limits) -> Begun:
        """As every door does it: a transaction, then a look at what is to be called."""
        with gathered() as found:
            async with self.pool.acquire() as connection, connection.transaction():
                begun = await send.begin(connection, RING, wish, limits)
        for number in sorted(found):
            await self.runner.wake(number)
        return begun

    async def hear(self, through: int, body: dict[str, Any]) -> list[str]:
        """A callback; the ids of the payments that are asked after."""
        active = self.registry.get(through)
        assert active is not None and active.config is not None
        received = Received(orjson.dumps(body), {}, "", now())
        told = [it for it in parse(received, active.config) if it.type == "payout.told"]
        events = [Event(1, active, it, now(), "raw-1") for it in told if it.reason is None]
        if not events:
            return []
        with gathered() as found:
            async with self.pool.acquire() as connection, connection.transaction():
                decisions = await on_told(connection, events)
        for number in sorted(found):
            await self.runner.wake(number)
        hints = [it.element.data for it in events]
        pairs = zip(hints, decisions, strict=True)
        return [
            hint.payment_id
            for hint, decision in pairs
            if isinstance(hint, PayoutHint) and decision.decision == "noted"
        ]

    async def rest(self) -> None:
        """Until nothing is under way."""
        while running := self.runner._running():
            await asyncio.wait(running)


@dataclass(eq=False)
class House:
    """`deadly`: the most awaits that a process lives for, None: for ever."""

    dsn: str
    chance: random.Random
    provider: Provider
    turns: Turns
    control: asyncpg.Connection
    console: OneByOne
    through: int
    processes: list[Process] = field(default_factory=list)
    deadly: int | None = None
    kills: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    told: dict[str, list[Any]] = field(default_factory=dict)
    reapers: set[asyncio.Task[None]] = field(default_factory=set)
    trace: list[tuple[Any, ...]] = field(default_factory=list)
    asked: list[tuple[datetime, str]] = field(default_factory=list)

    def note(self, *said: Any) -> None:
        """For the digest of a run."""
        self.trace.append((loop().now_s, *said))
        self.asked.append((now(), str(said[0])))

    async def start(self, place: int, left: int | None = None) -> Process:
        """A new process in a place; `left`: see `Life`."""
        pool = await open_pool(self.dsn, self.turns)
        registry = Registry(pool, RING)
        await registry.refresh()
        worker = UUID(bytes=self.chance.randbytes(16), version=4)
        reach = InProcess(pool, self.provider)
        runner = Runner(pool, registry, owners(registry, URL), worker, GUARDS, reach)
        left = self.awaits_left() if left is None else left
        process = Process(f"{place}", pool, registry, runner, Life(left))
        await process.beat()
        self.processes[place : place + 1] = [process]
        self.reapers.add(loop().create_task(self.reap(process, place)))
        return process

    def awaits_left(self) -> int | None:
        """Until the next kill."""
        return None if self.deadly is None else self.chance.randrange(self.deadly)

    async def reap(self, process: Process, place: int) -> None:
        """Start it again when it was killed."""
        await process.life.over
        self.kills += 1
        await cut(process.pool, self.control)
        process.life.bury()
        self.turns.forget(process.pool)
        await self.start(place)

    async def living(self) -> Process:
        """Any that lives."""
        while not (found := [it for it in self.processes if not it.life.is_over]):
            for reaper in self.reapers:
                if reaper.done():
                    reaper.result()
            await asyncio.sleep(0.01)
        return self.chance.choice(found)

    async def have(self, process: Process, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Have it do something. Raises Died, and what `work` raises."""
        if process.life.is_over:
            raise Died
        task = loop().create_task(work(), context=of(process.life))
        ends: set[asyncio.Future[Any]] = {task, process.life.over}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Died
        return task.result()

    async def begin(self, wish: Wish, limits: Limits) -> Begun:
        """Ask until there is an answer, as who has an `external_id` may."""
        while True:
            process = await self.living()
            with contextlib.suppress(Died, asyncpg.UniqueViolationError):
                return await self.have(process, partial(process.begin, wish, limits))
            await asyncio.sleep(self.chance.uniform(0.1, 5))

    async def receive(self, body: dict[str, Any]) -> bool:
        """A callback of the provider; whether it was acknowledged."""
        process = await self.living()
        try:
            noted = await self.have(process, lambda: process.hear(self.through, body))
        except Died:
            return False
        for number in noted:
            self.told.setdefault(number, []).append(now())
        return True

    async def chores(self) -> None:
        """A turn of every process's chores."""
        await asyncio.gather(*(self.one_chores(it) for it in list(self.processes)))

    async def one_chores(self, process: Process) -> None:
        with contextlib.suppress(Died):
            await self.have(process, process.chores)

    async def rest(self) -> None:
        """Until nobody has anything under way."""
        for process in list(self.processes):
            with contextlib.suppress(Died):
                await self.have(process, process.rest)

    async def resume(self) -> None:
        """An operator sees that the connection is paused, and has it go on."""
        async with self.console.acquire() as connection:
            await connections.set_state(connection, self.through, "active", None)

    async def close(self) -> None:
        for reaper in self.reapers:
            reaper.cancel()
        for task in self.provider.desk.tasks:
            task.cancel()
        for pool in (self.console, *(it.pool for it in self.processes)):
            pool.terminate()
        self.control.terminate()


@contextlib.asynccontextmanager
async def open_house(
    dsn: str, through: int, seed: str, processes: int = PROCESSES
) -> AsyncIterator[House]:
    """Processes at the connection `through`, in a database with the loop's time. Whatever happens
    follows from the seed.
    """
    loggers = [logging.getLogger(name) for name in ("uzel", "asyncio")]
    before = [it.level for it in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    CHANCE.seed(f"modules {seed}")
    turns = Turns()
    control: asyncpg.Connection = await dial(dsn)
    console = await open_pool(dsn, turns)
    provider = Provider(random.Random(f"provider {seed}"), lambda body: house.receive(body))  # noqa: PLW0108 - there is none yet
    chance = random.Random(f"house {seed}")
    house = House(dsn, chance, provider, turns, control, console, through)
    provider.trace = house.note
    async with console.acquire() as connection:
        await connections.set_state(connection, through, "active", None)
        await connections.close_breaker(connection, through)
        await connection.fetchval(BEGIN_NUMBERS, list(NUMBERED))
    try:
        for place in range(processes):
            await house.start(place)
        yield house
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
        await house.close()
