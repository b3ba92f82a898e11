"""Putting work into the queue, inside the caller's transaction."""

import contextlib
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.domain.settings import DBSettings, Durability

from uzel.kit.database import Connection, Pool

# The queue survives a crash; its log and statistics are only figures and may be lost with one.
PGQUEUER = DBSettings(durability=Durability.balanced)
_ENQUEUE = QueryQueueBuilder(PGQUEUER).build_enqueue_query()
_ENQUEUE_ONCE = QueryQueueBuilder(PGQUEUER).build_enqueue_query(on_conflict="skip")

# Lower waits longer: fresh events overtake what is being tried again.
FRESH, AGAIN = 10, 0


async def enqueue(
    connection: Connection,
    kind: str,
    payload: Any,
    *,
    delay_s: float = 0.0,
    once: str | None = None,
    priority: int = FRESH,
) -> None:
    """Queue one job in the caller's transaction.

    payload  JSON-ready
    once     no second job with the same word while one is waiting or running
    """
    await connection.fetch(
        _ENQUEUE_ONCE if once else _ENQUEUE,
        [priority],
        [kind],
        [orjson.dumps(payload)],
        [timedelta(seconds=delay_s)],
        [once],
        [None],
    )


def enqueue_from(payloads: str, kind: str) -> str:
    """SQL for a CTE that queues one job of `kind` (an SQL expression) for every row of `payloads`
    (a query of one jsonb column): for who enqueues in the same statement that does the work. Leaves
    out PgQueuer's log of arrivals, which nothing here reads.
    """
    columns = "priority, entrypoint, payload, execute_after, status"
    return (
        f"insert into {PGQUEUER.queue_table} ({columns}) "  # noqa: S608
        f"select {FRESH}, {kind}, convert_to(payload::text, 'UTF8'), now(), 'queued' "
        f"from ({payloads}) as p(payload) returning id"
    )


async def waiting(connection: Connection) -> dict[str, int]:
    """Jobs by kind that wait or run."""
    rows = await connection.fetch(
        f"select entrypoint, count(*) from {PGQUEUER.queue_table} group by 1"  # noqa: S608
    )
    return {row[0]: row[1] for row in rows}


async def prune(pool: Pool) -> None:
    """Empty PgQueuer's log, which nothing else keeps from growing. Everybody who queues something
    writes to it, and would wait behind us while we wait: so not for long, and if not now, later.
    """
    with contextlib.suppress(asyncpg.LockNotAvailableError):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("set local lock_timeout = '100ms'")
            await connection.execute(f"truncate {PGQUEUER.queue_table_log}")
