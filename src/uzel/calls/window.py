"""No more than so many requests in any second, by the provider's clock and not by ours, whatever
the number of processes.

When a request arrived is not known. But what it took longer than the fastest ever did, it may have
spent on its way; so it arrived at the latest that much after it was sent, beside what every request
needs. The next one leaves when, even so, it cannot be one too many.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from uzel.calls import window_store
from uzel.kit.database import PASSING, Pool

SECOND = 1.0
# Of clocks and timers, and of ways: the fastest request may have spent more of its time on the way
# out than another does. At 6.8 a second seven requests take longer than that anyway.
GRAIN_S = 0.024
# What was sent so long ago and never answered has arrived, or never will: its sender may be dead.
LONGEST_WAY_S = 15.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Passage:
    """A request on its way; `sent_at` by the clock of the loop."""

    number: int
    sent_at: float


class Window:
    """The requests of the last second of one connection; `most` in any second."""

    def __init__(self, pool: Pool, connection_id: int, most: int) -> None:
        self._pool = pool
        self._id = connection_id
        self._most = most
        self._fastest_s = float("inf")
        self._answers = 0
        self._turn = asyncio.Lock()

    async def enter(self) -> Passage:
        """Wait until one more request may leave; tell `leave` when it was answered."""
        async with self._turn:
            step = await self._step()
            while isinstance(step, float):
                await asyncio.sleep(step)
                step = await self._step()
            return step

    async def _step(self) -> Passage | float:
        """The way is free; or how long to wait, seconds, before asking again."""
        width_s = SECOND + GRAIN_S
        async with self._pool.acquire() as connection, connection.transaction():
            await window_store.lock(connection, self._id)
            ages = await window_store.ages(connection, self._id, width_s, LONGEST_WAY_S)
            if (wait_s := pause_s(ages, self._most)) > 0:
                return wait_s
            return Passage(await window_store.enter(connection, self._id), now())

    async def leave(self, passage: Passage) -> None:
        """It was answered, or given up. That this cannot be written down costs nobody the answer:
        the place is held for `LONGEST_WAY_S` then.
        """
        took_s = now() - passage.sent_at
        self._fastest_s = min(self._fastest_s, took_s)
        self._answers += 1
        # The first answers do not tell yet how fast one can be: each may have come to be asked just
        # before it was there.
        known_s = self._fastest_s if self._answers > self._most else 0.0
        try:
            await window_store.leave(self._pool, passage.number, known_s)
        except PASSING as error:
            log.warning("a request's end was not written down: %s", type(error).__name__)


def pause_s(ages: Sequence[float], most: int) -> float:
    """Until the oldest of the last `most` requests has left the window for certain; `ages`: how
    long ago each arrived at the least, the youngest first.
    """
    if len(ages) < most:
        return 0.0
    return max(GRAIN_S, SECOND + GRAIN_S - ages[most - 1])


def now() -> float:
    return asyncio.get_running_loop().time()
