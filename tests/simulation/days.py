"""Many worlds, one after another, each from its own seed."""

import asyncio
import functools
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field

import asyncpg

from simulation import clock
from simulation.clock import START
from simulation.database import CLOCK
from simulation.house import RING, open_house
from simulation.judge import Verdict, judge
from simulation.provider import TOKEN
from simulation.world import World
from uzel.connections import manage
from uzel.kit import addresses
from uzel.kit.database import open_pool
from uzel.ledger import chain
from uzel.ledger.accounts import LIVE, open_account
from uzel.payouts.books import SPENT
from uzel.payouts.limits import HOUSE as LIMITS
from uzel.payouts.wish import CURRENCY

SIZE = 60


@dataclass
class Figures:
    """What a run came to. `digests`: of each world."""

    payouts: int = 0
    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)

    def take(self, world: World, verdict: Verdict) -> None:
        self.payouts += sum(verdict.states.values())
        self.states.update(verdict.states)
        self.counts["turned without a word"] += verdict.turned
        self.counts["refused by a limit"] += len(world.refused)
        self.digests.append(verdict.digest)
        self.faults += [f"world {world.seed}: {it}" for it in verdict.faults]
        self.met.update(world.house.provider.met)
        self.counts.update(world.house.counts)
        self.counts["kills"] += world.house.kills

    def told(self) -> str:
        """For people."""
        lines = [f"{self.payouts} payouts in {self.seconds:.0f} s: {dict(self.states)}"]
        lines += [f"  {name}: {count}" for name, count in sorted(self.counts.items())]
        lines += [f"  {name}: {count}" for name, count in sorted(self.met.items())]
        return "\n".join([*lines, *self.faults])


async def add_connection(dsn: str) -> int:
    """A provider's connection; nobody listens at its address."""
    addresses.permit("127.0.0.1")
    pool = await open_pool(dsn, size=1, name="simulation")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('sim.at', $1, true)", START.isoformat())
        settings = {"token": TOKEN, "base_url": "http://127.0.0.1:9", "timeout_s": 20}
        added = await manage.add(connection, RING, "konsol", "it", settings, rate_per_s=1000)
        # Whoever came first would have an await more.
        for name in (f"payouts:{added.id}", SPENT, LIMITS):
            await open_account(connection, LIVE, name, CURRENCY)
    await pool.close()
    return added.id


async def prepare(dsn: str) -> int:
    """Give a migrated database the loop's time, and a connection to a provider; its number."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(CLOCK)
    await connection.close()
    return await add_connection(dsn)


async def faults_in_books(dsn: str) -> tuple[chain.Fault, ...]:
    pool = await open_pool(dsn, size=1, name="judge")
    try:
        return (await chain.verify(pool)).faults
    finally:
        await pool.close()


def days(
    dsn: str, through: int, seed: str, payouts: int, size: int = SIZE, first: int = 0
) -> Figures:
    """At least so many payouts, `size` in a world; ends with the first world in which something is
    that must not be. `first`: begin with the world of this number. Each is the same by itself.
    """
    figures = Figures()
    begun = time.monotonic()

    async def play(name: str) -> None:
        async with open_house(dsn, through, name) as house:
            world = World(house, name, size)
            await world.play()
            figures.take(world, await judge(world))

    for number in itertools.count(first):
        if figures.payouts >= payouts or figures.faults:
            break
        clock.run(functools.partial(play, f"{seed}.{number}"))
        figures.seconds = time.monotonic() - begun
        if number % 10 == 9:
            print(f"{figures.payouts} payouts in {figures.seconds:.0f} s", flush=True)
    figures.faults += [f"ledger: {fault}" for fault in asyncio.run(faults_in_books(dsn))]
    figures.seconds = time.monotonic() - begun
    return figures
