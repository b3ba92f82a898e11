"""What the overview is made of. Every query reads a bounded number of rows."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.connectors import connectors
from uzel.kit.database import Connection
from uzel.partners.hooks import GONE_REASON
from uzel.views.query_store import id_at

# Up to so many ids of a period are counted one by one; of more, so many are looked at and the
# result is scaled.
COUNTED = 30_000
SAMPLED = 5_000
# Stuck rows are counted up to here.
MOST = 10_000
LATEST = 1_000
UNPROCESSED_AFTER_S = 10.0
OVERDUE_AFTER_S = 60.0
WORKER_SEEN_WITHIN_S = 10.0
# A provider that cannot tell by then cannot tell: a person has to.
LOOKED_UP_FOR_S = 3600.0

EVERY = "select * from {table} where id between $1 and $2 and $3::bigint = 1"
# One id of every so many, scattered, so that no rhythm in the data meets one of ours. `offset 0`
# has each row looked up by its id: PostgreSQL would rather read the whole table.
SOME = """
select r.* from (select i + (hashint8(i)::bigint & 2147483647) % $3 as id
                   from generate_series($1::bigint, $2::bigint, $3::bigint) as i offset 0) s,
       lateral (select * from {table} where id = s.id offset 0) r
"""
HOUR = "date_trunc('hour', {}, $4)"
RECEIVED = f"""
select {HOUR.format("t.received_at")} as hour, 'received' as kind, count(*) as count
  from {{source}} group by 1
"""  # noqa: S608
ASKED = f"""
select {HOUR.format("t.created_at")} as hour, 'asked' as kind, count(*) as count
  from {{source}} where t.decision = 'request' group by 1
"""  # noqa: S608
# Kinds are accepted, delivered, failed, and the currencies: what the messages accepted cost.
SENT = f"""
select {HOUR.format("v.at")} as hour, v.kind, sum(v.amount)::bigint as count
  from {{source}},
       lateral (values ('accepted', t.accepted_at, 1::bigint), (t.state, t.settled_at, 1),
                       (t.currency, t.accepted_at, t.cost_minor)) as v(kind, at, amount)
 where v.at is not null and v.amount is not null
   and v.kind not in ('planned', 'unknown', 'cancelled') group by 1, 2
"""  # noqa: S608

OPEN = f"""
select state, count(*), min(received_at) as oldest_at
  from (select state, received_at from raw_event where state <> 'processed'
         order by id limit {MOST}) t
 where state = 'parked' or received_at < now() - make_interval(secs => $1) group by state
"""  # noqa: S608
UNDECIDED = f"""
select count(*), min(created_at) as oldest_at
  from (select created_at from event where decision = 'pending' order by id limit {MOST}) t
"""  # noqa: S608
# Those of operations `$1` (`connector.operation`) can still be looked up; for so long that is for
# Uzel to do, where it may ask at all.
UNKNOWN = f"""
select looked_up, count(*), min(started_at) as oldest_at
  from (select c.started_at, n.state = 'active' and n.connector || '.' || c.operation = any($1)
               and c.started_at > now() - make_interval(secs => {LOOKED_UP_FOR_S}) as looked_up
          from call c join connection n on n.id = c.connection_id
         where c.state = 'unknown' order by c.id desc limit {MOST}) t group by 1
"""  # noqa: S608
OVERDUE = f"""
select count(*), min(due_at) as oldest_at
  from connection n, lateral (
       select due_at from call where connection_id = n.id and state = 'planned'
          and due_at < now() - make_interval(secs => $1) order by due_at limit {MOST}) t
"""  # noqa: S608

LATENCY = f"""
select percentile_cont(array[0.5, 0.99]) within group (
           order by extract(epoch from m.accepted_at - r.received_at)::float8) as seconds,
       count(*) as count
  from (select event_id, accepted_at from message
         where id >= $1 and accepted_at >= $2 order by id desc limit {LATEST}) m
  join event e on e.id = m.event_id
  join raw_event r on r.id = e.raw_event_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Counted:
    """(hour, kind, count) of a period; `exact` unless scaled up from a sample."""

    rows: tuple[tuple[datetime, str, int], ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Heap:
    """Rows that wait: how many (`MOST` at most) and the oldest's time."""

    count: int
    oldest_at: datetime | None


NOTHING = Heap(0, None)


async def first_time_zone(connection: Connection) -> str:
    """The time zone of the first business."""
    found = await connection.fetchval("select time_zone from business order by id limit 1")
    return str(found or "Europe/Moscow")


async def count_by_hour(
    connection: Connection, table: str, time: str, query: str, since: datetime, zone: str
) -> Counted:
    """Run one of the queries above over the rows of `table` from `since` on, by hours of `zone`."""
    low = await id_at(connection, table, time, since)
    high = await connection.fetchval(f"select max(id) from {table}")  # noqa: S608
    if low is None or high is None or low > high:
        return Counted((), True)
    step = 1 if high - low < COUNTED else max(2, (high - low) // SAMPLED)
    rows = EVERY if step == 1 else SOME
    source = f"({rows.format(table=table)}) t"
    found = await connection.fetch(query.format(source=source), low, high, step, zone)
    return Counted(
        tuple((row["hour"], row["kind"], row["count"] * step) for row in found), step == 1
    )


async def open_raw_events(connection: Connection, grace_s: float) -> dict[str, Heap]:
    """Of the oldest raw events that are not processed: state → those parked, those waiting for
    longer than `grace_s`.
    """
    rows = await connection.fetch(OPEN, grace_s)
    return {row["state"]: Heap(row["count"], row["oldest_at"]) for row in rows}


async def undecided(connection: Connection) -> Heap:
    """Events without a decision."""
    return to_heap(await connection.fetchrow(UNDECIDED))


async def unknown_calls(connection: Connection) -> tuple[Heap, Heap]:
    """Calls nobody knows the outcome of: those a person has to decide, and those that Uzel is
    asking the provider about.
    """
    able = [
        f"{connector.name}.{operation.name}"
        for connector in connectors().values()
        for operation in connector.operations.values()
        if operation.look_up is not None
    ]
    found = {row["looked_up"]: to_heap(row) for row in await connection.fetch(UNKNOWN, able)}
    return found.get(False, NOTHING), found.get(True, NOTHING)


async def overdue_calls(connection: Connection, grace_s: float) -> Heap:
    """Calls that should have gone out more than `grace_s` ago."""
    return to_heap(await connection.fetchrow(OVERDUE, grace_s))


def to_heap(row: Any) -> Heap:
    """A row (count, oldest_at)."""
    return Heap(row["count"], row["oldest_at"])


async def heaps(connection: Connection) -> dict[str, Heap]:
    """Everything that waits for somebody, by kind."""
    raw = await open_raw_events(connection, UNPROCESSED_AFTER_S)
    unknown, looked_up = await unknown_calls(connection)
    return {
        "parked": raw.get("parked", NOTHING),
        "unprocessed": raw.get("received", NOTHING),
        "undecided": await undecided(connection),
        "unknown_calls": unknown,
        "looked_up_calls": looked_up,
        "overdue_calls": await overdue_calls(connection, OVERDUE_AFTER_S),
    }


async def troubled_connections(connection: Connection, besides: Collection[int] = ()) -> list[Any]:
    """(id, connector, name, state, state_reason, updated_at, failures, open_until, open,
    breaker_reason, revoked_reason, gone) of connections that are paused, whose breaker is open,
    whose access has to be granted anew, or whose other side wants no more (`gone`), and of those
    `besides`.
    """
    return await connection.fetch(
        "select n.id, n.connector, n.name, n.state, n.state_reason, n.updated_at, b.failures, "
        "b.open_until, b.open_until > now() as open, b.reason as breaker_reason, g.revoked_reason, "
        "n.state = 'off' and n.state_reason = $2 as gone "
        "from connection n left join call_breaker b on b.connection_id = n.id "
        "left join oauth_grant g on g.connection_id = n.id and n.state <> 'off' "
        "where n.state = 'paused' or b.open_until > now() or g.revoked_reason is not null "
        "or n.id = any($1::int[]) or n.state = 'off' and n.state_reason = $2 order by n.id",
        list(besides),
        GONE_REASON,
    )


async def refusals(connection: Connection) -> list[Any]:
    """(connector, reason, count) of what was turned away since midnight UTC, most first."""
    return await connection.fetch(
        "select connector, reason, count from refusal where day = (now() at time zone 'utc')::date "
        "order by count desc, connector, reason"
    )


async def living_workers(connection: Connection) -> int:
    """Workers that gave a sign of life."""
    found: int = await connection.fetchval(
        "select count(*) from worker where seen_at > now() - make_interval(secs => $1)",
        WORKER_SEEN_WITHIN_S,
    )
    return found


async def latency(connection: Connection, since: datetime) -> tuple[Iterable[float], int]:
    """([p50, p99] in seconds from receipt to acceptance, of how many messages)."""
    low = await id_at(connection, "message", "created_at", since)
    row = await connection.fetchrow(LATENCY, low or 0, since)
    assert row is not None
    return row["seconds"] or (), row["count"]
