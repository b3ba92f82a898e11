"""Figures for monitoring: cheap however large the tables are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from uzel.jobs.queue import waiting
from uzel.kit.database import Connection, Pool
from uzel.views import overview_store
from uzel.views.overview_store import Heap

# Tables with fewer rows are counted, of larger ones PostgreSQL's own statistics tell.
COUNTED = 20_000
SHARES = {
    "raw_events": ("raw_event", "state"),
    "events": ("event", "decision"),
    "messages": ("message", "state"),
    "calls": ("call", "state"),
}

# `reltuples` is -1 before the first ANALYZE.
ESTIMATE = """
select c.reltuples::bigint as rows, s.most_common_vals::text::text[] as values,
       s.most_common_freqs as shares
  from pg_class c left join pg_stats s
    on s.schemaname = current_schema() and s.tablename = c.relname and s.attname = $2
 where c.oid = to_regclass($1)
"""


@dataclass(frozen=True, slots=True)
class ConnectionFigures:
    """Of one connection. `failures` in a row; `breaker_open`: it is given a rest; not `readable`:
    its settings or secrets cannot be read, so it counts as paused.
    """

    connector: str
    name: str
    state: str
    failures: int
    breaker_open: bool
    readable: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database tells.

    rows   raw_events, events, messages, calls → by state or decision; large tables are estimated
    stuck  parked, unprocessed, undecided, unknown_calls, looked_up_calls, overdue_calls
    """

    rows: Mapping[str, Mapping[str, int]]
    stuck: Mapping[str, Heap]
    queue: Mapping[str, int]
    workers: int
    connections: tuple[ConnectionFigures, ...]


async def figures(pool: Pool, unreadable: Collection[int] = ()) -> Figures:
    """All of them; `unreadable` are the keys of `Registry.unreadable`. Raises what a lost database
    raises.
    """
    async with pool.acquire() as connection:
        return Figures(
            rows={name: await shares(connection, *place) for name, place in SHARES.items()},
            stuck=await overview_store.heaps(connection),
            queue=await waiting(connection),
            workers=await overview_store.living_workers(connection),
            connections=tuple(await connections(connection, unreadable)),
        )


async def shares(connection: Connection, table: str, column: str) -> dict[str, int]:
    """Value of the column → how many rows."""
    row = await connection.fetchrow(ESTIMATE, table, column)
    assert row is not None
    if row["rows"] >= COUNTED and row["values"]:
        return {
            v: round(row["rows"] * s) for v, s in zip(row["values"], row["shares"], strict=True)
        }
    rows = await connection.fetch(
        f"select {column}, count(*) from (select {column} from {table} "  # noqa: S608
        f"order by id desc limit {2 * COUNTED}) t group by 1"
    )
    return {row[0]: row[1] for row in rows}


async def connections(
    connection: Connection, unreadable: Collection[int]
) -> list[ConnectionFigures]:
    """Every connection, oldest first."""
    rows: list[Any] = await connection.fetch(
        "select n.connector, n.name, n.id <> all($1::int[]) as readable, "
        "case when n.id = any($1::int[]) then 'paused' else n.state end as state, "
        "coalesce(b.failures, 0) as failures, "
        "coalesce(b.open_until > now(), false) as breaker_open "
        "from connection n left join call_breaker b on b.connection_id = n.id order by n.id",
        list(unreadable),
    )
    return [ConnectionFigures(**row) for row in rows]
