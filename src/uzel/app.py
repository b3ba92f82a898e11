"""The composition root: settings → database → connections → flows → web and worker."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.calls.closing import Owner
from uzel.calls.plan import WAKE as CALLS
from uzel.calls.runner import Runner
from uzel.connections.registry import Registry
from uzel.errors import ConfigError
from uzel.events.event import Flow
from uzel.events.process import Processor
from uzel.events.receive import WAKE as EVENTS
from uzel.events.replay import wake_left_behind
from uzel.flows.receipts import on_receipts
from uzel.flows.review_requests.flow import ReviewRequests
from uzel.jobs.queue import prune
from uzel.jobs.worker import Periodic, Worker
from uzel.kit import addresses, database
from uzel.kit.lifeline import watch_parent
from uzel.kit.secrets import KeyRing, read_key_ring
from uzel.kit.settings import Settings
from uzel.messages.receipts import match_early, poll_receipts
from uzel.messages.send import on_closed

# Who is told how a call ended, by the first word of its effect.
OWNERS: dict[str, Owner] = {"message": on_closed}


@dataclass(frozen=True, slots=True)
class Parts:
    """What web, worker and commands share in one process."""

    settings: Settings
    pool: database.Pool
    ring: KeyRing
    registry: Registry


def flows(registry: Registry) -> Mapping[str, Flow]:
    """Which flow reacts to which type of event."""
    review_requests = ReviewRequests(registry)
    return {
        "visit.completed": review_requests.on_completed,
        "visit.cancelled": review_requests.on_cancelled,
        "receipt.updated": on_receipts,
    }


@contextlib.asynccontextmanager
async def open_parts(settings: Settings, name: str, pool_size: int = 8) -> AsyncIterator[Parts]:
    """Connect to the database and load the connections. Raises ConfigError."""
    if settings.database_url is None:
        raise ConfigError("no database: set UZEL_DATABASE_URL or start through `uzel serve`")
    addresses.permit(settings.allow_private_addresses)
    ring = read_key_ring(settings.master_key, settings.data_dir)
    pool = await database.open_pool(settings.database_url, size=pool_size, name=name)
    try:
        registry = Registry(pool, ring)
        await registry.refresh()
        yield Parts(settings, pool, ring, registry)
    finally:
        pool.terminate()


async def run_worker(settings: Settings) -> None:
    """Process events and make calls until SIGTERM or SIGINT."""
    async with open_parts(settings, "worker") as parts:
        me = uuid4()
        name = f"{socket.gethostname()}:{os.getpid()}"
        await calls_store.beat(parts.pool, me, name)
        runner = Runner(parts.pool, parts.registry, OWNERS, me)
        processor = Processor(parts.pool, parts.registry, flows(parts.registry), runner.wake)
        worker = Worker(
            settings.database_url or "",
            {EVENTS: processor.process, CALLS: runner.wake},
            (
                Periodic("beat", 2, lambda: calls_store.beat(parts.pool, me, name)),
                Periodic("registry", 1, parts.registry.refresh),
                Periodic(
                    "abandoned",
                    2,
                    lambda: recover.recover_abandoned(parts.pool, parts.registry, runner),
                ),
                Periodic("taken back", 5, runner.take_back_lost),
                Periodic("overdue", 3, lambda: recover.wake_overdue(parts.pool)),
                Periodic(
                    "lookups",
                    5,
                    lambda: recover.look_up_unknown(parts.pool, parts.registry, runner),
                ),
                Periodic("left behind", 5, lambda: wake_left_behind(parts.pool)),
                Periodic("early receipts", 3, lambda: match_early(parts.pool)),
                Periodic("receipts", 20, lambda: poll_receipts(parts.pool, parts.registry, runner)),
                Periodic("queue log", 60, lambda: prune(parts.pool)),
            ),
        )

        def stop() -> None:
            runner.halt()
            worker.stop()

        on_stop(stop)
        await worker.run()
        await runner.stop()
        with contextlib.suppress(*database.LOST):
            await calls_store.bury(parts.pool, me)


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM, SIGINT, or when the process that started us is gone."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    watch_parent(stop)
