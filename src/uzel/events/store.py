"""Raw events and events in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.jobs.queue import enqueue_from
from uzel.kit.database import Connection, Pool, columns

# One statement, so one trip and one commit: rows sorted by the unique key (two batches with the
# same duplicates cannot wait for each other in a circle), and one job for every so many new rows.
RECEIVE = f"""
with new as (
    insert into raw_event (connection_id, digest, remote_addr, query, headers, body)
    select * from unnest($1::int[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::bytea[])
        as r(connection_id, digest, remote_addr, query, headers, body)
     order by connection_id, digest
    on conflict (connection_id, digest) do nothing
    returning id, connection_id, digest
), part as (
    select id, (row_number() over (order by id) - 1) / $7 as number from new
), job as ({enqueue_from("select jsonb_agg(id order by id) from part group by number", "$8")})
select id, connection_id, digest from new
"""  # noqa: S608

TAKE = """
select id, connection_id, received_at, query, headers, body, replays from raw_event
 where id = any($1::bigint[]) and state = 'received' order by id for update skip locked
"""

# Every element becomes a row. The first with a key is the event; later ones with that key are
# stored as its duplicates, explained and without consequence.
ADD = """
with given as materialized (
    select * from unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[],
                         $7::timestamptz[], $8::jsonb[], $9::text[], $10::text[], $11::text[])
      as g(raw_event_id, position, connection_id, type, key, subject, occurred_at, data, phone,
           decision, reason)
), ranked as materialized (
    select g.*, row_number() over (partition by connection_id, key, decision = 'skip'
                                   order by raw_event_id, position) as nth
      from given g
), first as (
    insert into event (raw_event_id, position, connection_id, type, key, subject, occurred_at, data,
                       phone, decision, reason)
    select raw_event_id, position, connection_id, type, key, subject, occurred_at, data, phone,
           decision, reason
      from ranked where key is null or nth = 1 or decision = 'skip'
     order by connection_id, key, raw_event_id, position
    on conflict do nothing
    returning id, raw_event_id, position, connection_id, key
)
select f.id, r.raw_event_id, r.position, r.decision
  from ranked r left join first f using (raw_event_id, position)
"""

ADD_DUPLICATES = """
insert into event (raw_event_id, position, connection_id, type, key, subject, occurred_at, data,
                   phone, decision, reason, duplicate_of)
select g.*, 'skip', 'duplicate', (select id from event e where e.connection_id = g.connection_id
       and e.key = g.key and e.decision <> 'skip')
  from unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[],
              $7::timestamptz[], $8::jsonb[], $9::text[])
    as g(raw_event_id, position, connection_id, type, key, subject, occurred_at, data, phone)
on conflict do nothing
"""


async def receive(
    connection: Connection, columns: Sequence[Sequence[Any]], per_job: int, wake: str
) -> list[Any]:
    """Store raw events given by columns and queue jobs of kind `wake` with their ids, durably.
    Returns (id, connection_id, digest) of the new ones.
    """
    return await connection.fetch(RECEIVE, *columns, per_job, wake)


async def sizes(pool: Pool, ids: Sequence[int]) -> list[tuple[int, int]]:
    """(id, bytes of the body) of those of the raw events that wait, oldest first."""
    rows = await pool.fetch(
        "select id, octet_length(body) from raw_event "
        "where id = any($1::bigint[]) and state = 'received' order by id",
        list(ids),
    )
    return [(row[0], row[1]) for row in rows]


async def take(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """Lock those of the raw events that nobody has processed or is processing."""
    return await connection.fetch(TAKE, list(ids))


async def add(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Store elements; returns a row each, whose `id` is null where it is a duplicate."""
    return await connection.fetch(ADD, *columns(rows))


async def add_duplicates(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store elements that repeat an event."""
    await connection.execute(ADD_DUPLICATES, *columns(rows))


async def processed(connection: Connection, ids: Sequence[int]) -> None:
    """These raw events are understood and every element of theirs has been handed on."""
    await connection.execute(
        "update raw_event set state = 'processed', error = null, processed_at = now() "
        "where id = any($1)",
        list(ids),
    )


async def park(connection: Connection, raw_event_id: int, error: str) -> None:
    """Keep a raw event that cannot be processed until a person replays it."""
    await connection.execute(
        "update raw_event set state = 'parked', error = $2, processed_at = now() where id = $1",
        raw_event_id,
        error,
    )


async def unpark(connection: Connection, raw_event_id: int) -> bool:
    """Have a raw event processed again: elements that are known already stay as they are."""
    done = await connection.execute(
        "update raw_event set state = 'received', replays = replays + 1 where id = $1 "
        "and state <> 'received'",
        raw_event_id,
    )
    return bool(done == "UPDATE 1")


async def forget_ignored(connection: Connection, raw_event_id: int) -> None:
    """Before a replay: elements from which nothing followed make room for a new reading. Where they
    were stays known, for links to them.
    """
    await connection.execute(
        "with gone as (delete from event where raw_event_id = $1 and decision = 'skip' "
        "returning id, raw_event_id, position) insert into moved_event select * from gone",
        raw_event_id,
    )


async def parked(pool: Pool) -> list[int]:
    """Ids of parked raw events, oldest first."""
    rows = await pool.fetch("select id from raw_event where state = 'parked' order by id")
    return [row["id"] for row in rows]


async def skipped(pool: Pool, reason: str, since: datetime, most: int) -> list[int]:
    """Ids of raw events received since then with an event that led to nothing for this reason, the
    newest `most` of them, oldest first.
    """
    rows = await pool.fetch(
        "select distinct e.raw_event_id as id from event e join raw_event r on r.id = "
        "e.raw_event_id where e.reason = $1 and e.decision = 'skip' and r.received_at >= $2 "
        "order by 1 desc limit $3",
        reason,
        since,
        most,
    )
    return [row["id"] for row in reversed(rows)]


async def left_behind(pool: Pool, grace_s: float) -> list[int]:
    """Raw events nobody has processed although their wake is long due."""
    rows = await pool.fetch(
        "select id from raw_event where state = 'received' "
        "and received_at < now() - make_interval(secs => $1) order by id limit 1000",
        grace_s,
    )
    return [row["id"] for row in rows]


async def decide(connection: Connection, decisions: Sequence[tuple[int, str, str | None]]) -> None:
    """Write (event id, decision, reason)."""
    await connection.execute(
        "update event e set decision = d.decision, reason = d.reason "
        "from unnest($1::bigint[], $2::text[], $3::text[]) as d(id, decision, reason) "
        "where e.id = d.id",
        *columns(decisions),
    )


async def count_refusals(pool: Pool, counts: Sequence[tuple[datetime, str, str, int]]) -> None:
    """Add (day, connector, reason, count) to the counters of what was turned away."""
    await pool.execute(
        "insert into refusal (day, connector, reason, count) "
        "select * from unnest($1::date[], $2::text[], $3::text[], $4::bigint[]) "
        "on conflict (day, connector, reason) do update set count = refusal.count + excluded.count",
        *columns(counts),
    )
