"""Doing the work: a PgQueuer manager that is started anew whenever its connection is lost."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job

from uzel.errors import ConfigError
from uzel.jobs.pace import PacedQueries, pace
from uzel.jobs.queue import PGQUEUER
from uzel.kit import database

log = logging.getLogger("uzel.jobs")

Handler = Callable[[Any], Awaitable[None]]

# A job of a worker that died is run by another one after this long.
HEARTBEAT_TIMEOUT = timedelta(seconds=6)
POLL_EVERY = timedelta(seconds=5)
BATCH = 50
AT_ONCE = 200
WATCH_EVERY_S = 1.0
RESTART_AFTER_S = 0.5
LET_GO_AFTER_S = 2.0
LONGEST_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something done every `every_s` seconds by each worker; it must bear being done by several."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]


class Worker:
    """Runs `handlers` (kind → coroutine function of the payload) and `periodic` until stopped."""

    def __init__(
        self, dsn: str, handlers: Mapping[str, Handler], periodic: tuple[Periodic, ...] = ()
    ) -> None:
        self._dsn = dsn
        self._handlers = handlers
        self._periodic = periodic
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None
        self._left_behind: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Take no new work; `run` returns once what is under way has ended."""
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def run(self) -> None:
        """Work until `stop`. Survives the loss of the database."""
        beats = [asyncio.create_task(self._repeat(periodic)) for periodic in self._periodic]
        try:
            while not self._stopping.is_set():
                try:
                    await self._run_manager()
                except database.LOST as error:
                    log.warning("the queue lost its database: %s", type(error).__name__)
                except ConfigError:
                    raise
                except Exception:  # calls under way must not end with the queue
                    log.exception("the queue failed and starts anew")
                await self._pause(RESTART_AFTER_S)
        finally:
            for beat in beats:
                beat.cancel()
            await asyncio.gather(*beats, return_exceptions=True)

    async def _run_manager(self) -> None:
        """One life of a PgQueuer manager, from a fresh pool to the loss of any connection.

        A running manager neither ends nor recovers when PostgreSQL restarts under it, so a watch
        asks its pool for a sign of life and ends it from outside.
        """
        pool = await database.open_pool(self._dsn, size=6, name="queue", json=False)
        manager = QueueManager(
            PacedQueries(
                AsyncpgPoolDriver(pool),
                QueryBuilderEnvironment(PGQUEUER),
                QueryQueueBuilder(PGQUEUER),
            )
        )
        pace(manager)
        for kind, handler in self._handlers.items():
            manager.entrypoint(kind, accepts_context=False)(guarded(kind, handler))
        self._manager = manager
        if self._stopping.is_set():
            manager.shutdown.set()
        running = asyncio.create_task(
            manager.run(
                dequeue_timeout=POLL_EVERY,
                batch_size=BATCH,
                max_concurrent_tasks=AT_ONCE,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                log_aggregation_interval=timedelta(0),
            )
        )
        running.add_done_callback(heard)
        watch = asyncio.create_task(watch_listener(pool))
        try:
            await asyncio.wait((running, watch), return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                raise ConnectionError("a connection of the queue was closed")
            await running
        finally:
            self._manager = None
            # First of all: a manager that is ended writes down its jobs as cancelled, and if the
            # database is back by then, nobody would run them again.
            pool.terminate()
            for task in (running, watch):
                task.cancel()
            # A job that takes long ends by itself; the others cannot wait for it.
            _, self._left_behind = await asyncio.wait((running, watch), timeout=LET_GO_AFTER_S)

    async def _repeat(self, periodic: Periodic) -> None:
        while not self._stopping.is_set():
            try:
                await periodic.run()
            except database.LOST as error:
                log.warning("%s: no database (%s)", periodic.name, type(error).__name__)
            except Exception:
                log.exception("%s failed", periodic.name)
            await self._pause(periodic.every_s * random.uniform(0.9, 1.1))  # noqa: S311

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def heard(task: asyncio.Task[None]) -> None:
    """How a manager ends that is ended from outside, without its database, says nothing new;
    asyncio would print it with a traceback.
    """
    if not task.cancelled():
        task.exception()


def guarded(kind: str, handler: Handler) -> Callable[[Job], Awaitable[None]]:
    """A handler that turns any failure into another try of the same job, later and later."""

    async def run(job: Job) -> None:
        try:
            await handler(orjson.loads(job.payload or b"null"))
        except Exception as error:
            wait_s = min(LONGEST_RETRY_S, 0.5 * 2 ** min(job.attempts, 10))
            if isinstance(error, database.PASSING):
                log.warning("%s has to wait: %s", kind, type(error).__name__)
            else:
                log.exception("%s failed, again in %.1f s", kind, wait_s)
            # PgQueuer stores the traceback; a chained one could carry a guest's data into it.
            raise RetryRequested(timedelta(seconds=wait_s), type(error).__name__) from None

    return run


async def watch_listener(pool: asyncpg.Pool) -> None:
    """Return when the database behind `pool` stops answering or was restarted."""
    started = None
    while True:
        try:
            async with asyncio.timeout(5):
                now = await pool.fetchval("select pg_postmaster_start_time()")
        except database.LOST:
            return
        started = started or now
        if now != started:
            return
        await asyncio.sleep(WATCH_EVERY_S)
