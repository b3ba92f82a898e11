"""Having one call made, whoever makes it, and waiting for its end."""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from uzel.app import GUARDS, Parts, owners
from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.calls.outcome import State
from uzel.calls.runner import Runner
from uzel.kit import database
from uzel.kit.addresses import REFUSED
from uzel.messages.send import belongs_to_another
from uzel.messages.withdraw import withdraw
from uzel.messaging import store
from uzel.messaging.outcome import GAVE_UP, is_in_doubt, rule_that_holds

log = logging.getLogger("uzel.messaging")

# For so long a call that certainly did not happen is tried again.
WITHIN_S = 20.0
LOOK_AT_ONCE_S, LOOK_EVERY_S = 0.02, 0.25
BEAT_EVERY_S = 2.0
OPEN = (State.PLANNED, State.SENDING)


async def take_back_message(connection: database.Connection, row: Any, reason: str) -> None:
    """A message that has not gone out."""
    await withdraw(connection, [row["id"]], reason)


@dataclass(frozen=True, slots=True)
class Kind:
    """What calls are made for.

    found      `found(pool, origin)`: the row of a call with the columns of `store.FOUND`
    take_back  `take_back(connection, row, reason)`: it is not to be made any more
    """

    found: Callable[[database.Pool, str], Awaitable[Any]] = store.found
    take_back: Callable[[database.Connection, Any, str], Awaitable[None]] = take_back_message


class Making:
    """Makes single calls by a runner of its own. The workers may be quicker; the journal decides
    who makes which attempt, so it does not matter.
    """

    def __init__(self, parts: Parts, within_s: float, kind: Kind | None = None) -> None:
        self._parts = parts
        self._kind = kind or Kind()
        self._pool = parts.pool
        self._within_s = within_s
        self._worker = uuid4()
        known = owners(parts.registry, parts.settings.url)
        self._runner = Runner(parts.pool, parts.registry, known, self._worker, GUARDS, parts.reach)
        self._at_work = 0
        self._beating: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Write down how what is under way ended."""
        await self._runner.stop()
        with contextlib.suppress(*database.LOST):
            await calls_store.bury(self._pool, self._worker)

    async def follow(self, origin: str) -> Any:
        """The row of this call, once it has ended. What did not go out in time is taken back:
        nothing is said not to be sent and then sent after all. The same where nobody waits any
        longer.
        """
        async with self._alive():
            try:
                return await self._followed(origin)
            except asyncio.CancelledError:
                row = await self._kind.found(self._pool, origin)
                if row["state"] == State.PLANNED and not is_in_doubt(row):
                    await self._take_back(row)
                raise

    async def settle(self, origin: str, looks_for_s: float) -> Any:
        """The same, and so long until a lost answer has been looked for."""
        until = time.monotonic() + looks_for_s
        row = await self.follow(origin)
        while row["state"] == State.UNKNOWN and time.monotonic() < until:
            await asyncio.sleep(LOOK_EVERY_S)
            row = await self.follow(origin)
        return row

    async def _followed(self, origin: str) -> Any:
        until = time.monotonic() + self._within_s
        asked = False
        row = await self._looked_up(origin)
        while row["state"] in OPEN:
            wait_s = LOOK_EVERY_S
            if row["state"] == State.SENDING:
                await self._recover()
            elif is_hopeless(row, until - time.monotonic(), asked=asked):
                if is_in_doubt(row):  # a worker asks again, which harms nobody
                    return row
                await self._take_back(row)
            elif row["due_in_s"] <= 0:
                wait_s = await self._runner.make_one(row["connection_id"], row["call_id"])
                asked = True
            row = await self._kind.found(self._pool, origin)
            if row["state"] in OPEN:
                await asyncio.sleep(min(max(wait_s, LOOK_AT_ONCE_S), LOOK_EVERY_S))
        return row

    async def _looked_up(self, origin: str) -> Any:
        """The row; a lost answer is asked for where the provider can tell."""
        await self._parts.registry.refresh()
        row = await self._kind.found(self._pool, origin)
        if row["state"] == State.UNKNOWN:
            await recover.look_up_unknown(
                self._pool, self._parts.registry, self._runner, belongs_to_another
            )
            row = await self._kind.found(self._pool, origin)
        return row

    async def _recover(self) -> None:
        """The call was begun by somebody else, by a process that is gone, or by us without our
        hearing of it.
        """
        await recover.recover_abandoned(self._pool, self._parts.registry, self._runner)
        await self._runner.take_back_lost()

    async def _take_back(self, row: Any) -> None:
        """Have it not go out any more, unless somebody has just begun to send it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._kind.take_back(connection, row, rule_that_holds(row) or GAVE_UP)

    @contextlib.asynccontextmanager
    async def _alive(self) -> AsyncIterator[None]:
        """Signs of life, or others would take our calls for abandoned."""
        self._at_work += 1
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat_on())
        try:
            await self._beat()
            yield
        finally:
            self._at_work -= 1
            if not self._at_work and self._beating is not None:
                self._beating.cancel()
                self._beating = None

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            try:
                await self._beat()
            except database.LOST as error:
                log.warning("no sign of life: %s", type(error).__name__)

    async def _beat(self) -> None:
        name = f"{socket.gethostname()}:{os.getpid()} messaging"
        await calls_store.beat(self._pool, self._worker, name)


def is_hopeless(row: Any, left_s: float, *, asked: bool) -> bool:
    """Whether a planned call cannot begin in the time that is left; `asked`: it was tried."""
    if asked and (row["detail"] or "").startswith(REFUSED):
        return True  # no time changes the settings of this process
    waits_s = max(row["due_in_s"], row["closed_for_s"] or 0.0)
    late = waits_s > max(left_s, 0.0) or (asked and left_s <= 0)
    return late or row["connection_state"] != "active"
