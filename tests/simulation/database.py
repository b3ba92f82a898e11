"""The database of a simulation: real, with the loop's time, one transaction after another.

Whoever takes a connection keeps everybody else waiting until it is given back, in the order in
which they came: that makes one run like another. Races within PostgreSQL are for the tests that
have real processes.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

import asyncpg

from simulation.clock import loop, now
from uzel.kit.database import leave_as_is, prepare

# Found before those of PostgreSQL; what stands in a column's default was bound before.
CLOCK = """
create schema sim;
create function sim.clock_timestamp() returns timestamptz language sql stable
    as $$ select current_setting('sim.at')::timestamptz $$;
create function sim.now() returns timestamptz language sql stable
    as $$ select current_setting('sim.at')::timestamptz $$;
do $$
declare it record;
begin
    for it in
        select d.adrelid::regclass as name, a.attname, pg_get_expr(d.adbin, d.adrelid) as said
          from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
         where pg_get_expr(d.adbin, d.adrelid) in ('now()', 'clock_timestamp()')
    loop
        execute format('alter table %s alter column %I set default sim.%s',
                       it.name, it.attname, it.said);
    end loop;
end $$;
"""
SETTINGS = {
    "application_name": "uzel simulation",
    "timezone": "UTC",
    "search_path": "sim, pg_catalog, public",
    "synchronous_commit": "off",
    "jit": "off",
}

# Names of calls are put in order as texts: with numbers of the same length one run is like another.
NUMBERED = ("payout", "payee", "call", "vault", "ledger_entry", "ledger_hold")
BEGIN_NUMBERS = """
select max(setval(it, greatest(1000000, (nextval(it) / 1000000 + 1) * 1000000)))
  from unnest($1::text[]) as t(name), pg_get_serial_sequence(name, 'id') as it
"""


class Turns:
    """One at a time, in order."""

    def __init__(self) -> None:
        self.holder: object = None
        self._waiting: deque[tuple[object, asyncio.Future[None]]] = deque()

    async def take(self, who: object) -> None:
        if self.holder is None:
            self.holder = who
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((who, turn))
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and self.holder is who:
                self.give()
            self._waiting = deque(it for it in self._waiting if it[1] is not turn)
            raise

    def give(self) -> None:
        self.holder = None
        while self._waiting:
            who, turn = self._waiting.popleft()
            if not turn.done():
                self.holder = who
                turn.set_result(None)
                return

    def forget(self, who: object) -> None:
        """They are dead."""
        self._waiting = deque(it for it in self._waiting if it[0] is not who)
        if self.holder is who:
            self.give()


class Timed(asyncpg.Connection):
    """Tells the database what time it is, and the loop that it is to wait. What was sent is done,
    whatever becomes of who sent it.
    """

    __slots__ = ("told_at",)

    async def execute(self, query: str, *args: Any, **more: Any) -> str:
        done: str = await statement(self._timely(query, super().execute(query, *args, **more)))
        return done

    async def fetch(self, query: str, *args: Any, **more: Any) -> Any:
        return await statement(self._timely(query, super().fetch(query, *args, **more)))

    async def fetchrow(self, query: str, *args: Any, **more: Any) -> Any:
        return await statement(self._timely(query, super().fetchrow(query, *args, **more)))

    async def fetchval(self, query: str, *args: Any, **more: Any) -> Any:
        return await statement(self._timely(query, super().fetchval(query, *args, **more)))

    async def _timely(self, query: str, work: Coroutine[Any, Any, Any]) -> Any:
        at = now()
        if query.startswith("ROLLBACK"):
            self.told_at = None
        elif not query.startswith("COMMIT") and getattr(self, "told_at", None) != at:
            try:
                await super().execute(f"set sim.at = '{at.isoformat()}'")
            except BaseException:
                work.close()
                raise
            self.told_at = at
        return await work


async def statement(work: Coroutine[Any, Any, Any]) -> Any:
    """Its answer; time stands still meanwhile, and who dies meanwhile has asked for it."""
    here = loop()
    task = here.create_task(work, context=Context())
    here.under_way.add(task)
    task.add_done_callback(here.under_way.discard)
    task.add_done_callback(heard)
    return await asyncio.shield(task)


def heard(task: "asyncio.Task[Any]") -> None:
    """How it ended may interest nobody any more."""
    if not task.cancelled():
        task.exception()


async def dial(*args: Any, **fields: Any) -> Any:
    return await statement(asyncpg.connect(*args, **fields))


class OneByOne(asyncpg.Pool):
    """A pool whose connections wait for their turn among all pools of a simulation."""

    turns: Turns
    _holders: list[Any]

    async def _acquire(self, timeout: float | None) -> Any:
        await self.turns.take(self)
        try:
            return await super()._acquire(timeout)  # type: ignore[misc]
        except BaseException:
            if self.turns.holder is self:
                self.turns.give()
            raise

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:
        try:
            await super().release(connection, timeout=timeout)
        finally:
            if self.turns.holder is self:
                self.turns.give()


async def open_pool(dsn: str, turns: Turns) -> OneByOne:
    pool = OneByOne(
        dsn, connection_class=Timed, record_class=asyncpg.Record, connect=dial, min_size=1,
        max_size=1, max_queries=10**9, loop=asyncio.get_running_loop(), setup=None, init=prepare,
        reset=leave_as_is, max_inactive_connection_lifetime=0, server_settings=SETTINGS,
    )  # fmt: skip
    pool.turns = turns
    await statement(begun(pool))
    return pool


async def begun(pool: OneByOne) -> None:
    await pool


async def cut(pool: OneByOne, control: asyncpg.Connection) -> None:
    """What a process that is killed leaves of its connection: nothing, and its locks are free."""
    while under_way := loop().under_way:
        await asyncio.wait(under_way)
    pids = [pid for holder in pool._holders if (pid := backend_of(holder)) is not None]
    pool.terminate()
    for pid in pids:
        await statement(control.execute("select pg_terminate_backend($1, 10000)", pid))


def backend_of(holder: Any) -> int | None:
    connection = holder._con
    return None if connection is None or connection.is_closed() else connection.get_server_pid()
