"""Status words nobody has explained, and the requests they came in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views.query_store import NEWEST, id_at

REASON = "status_unknown"
# Events with an unknown status that are looked through, the newest.
MOST = 10_000
# On the overview, which is asked for all the time.
AT_A_GLANCE = 1_000
MOST_WORDS = 200

EVENTS = f"""
select id, raw_event_id, position, connection_id, subject, data, created_at from event
 where (reason, id) >= ('{REASON}', $1) and (reason, id) < ('{REASON}', $2)
   and reason is not null and decision = 'skip'
 order by reason desc, id desc limit {{most}}
"""  # noqa: S608
# One order may come several times; it counts once.
WORDS = f"""
select connection_id, data ->> 'word' as word, (array_agg(data ->> 'label' order by id desc))[1]
       as label, count(distinct coalesce(subject, raw_event_id::text)) as orders,
       count(distinct raw_event_id) as raw_events, max(id) as newest_id,
       max(raw_event_id) as newest_raw_id, max(created_at) as newest_at
  from ({EVENTS}) e
 where data ->> 'word' is not null and ($3::int is null or connection_id = $3)
 group by 1, 2 order by max(id) desc limit {MOST_WORDS}
"""  # noqa: S608
RAW_IDS = f"""
select raw_event_id as id from ({EVENTS.format(most=MOST)}) e
 where connection_id = $3 and data ->> 'word' = $4
 group by 1 order by 1 desc limit $5
"""  # noqa: S608
PLACES = f"""
select e.id, e.raw_event_id, e.position, r.received_at, r.query, r.headers, r.body
  from event e join raw_event r on r.id = e.raw_event_id
 where e.raw_event_id = any($1::bigint[]) and e.reason = '{REASON}' and e.data ->> 'word' = $2
 order by e.raw_event_id, e.position
"""  # noqa: S608


async def words(pool: Pool | Connection, connection_id: int) -> list[Any]:
    """(connection_id, word, label, orders, raw_events, newest_id, newest_raw_id, newest_at) of a
    connection, the newest first.
    """
    return await pool.fetch(WORDS.format(most=MOST), 0, NEWEST, connection_id)


async def words_since(connection: Connection, since: datetime) -> list[Any]:
    """The same of all connections, of that time."""
    low = await id_at(connection, "event", "created_at", since)
    if low is None:
        return []
    return await connection.fetch(WORDS.format(most=AT_A_GLANCE), low, NEWEST, None)


async def raw_ids(pool: Pool | Connection, connection_id: int, word: str, most: int) -> list[int]:
    """The newest requests with this word, newest first."""
    rows = await pool.fetch(RAW_IDS, 0, NEWEST, connection_id, word, most)
    return [row["id"] for row in rows]


async def places(
    connection: Connection | Pool, raw_event_ids: Sequence[int], word: str
) -> list[Any]:
    """Where the word stood: (id, raw_event_id, position, received_at, query, headers, body), oldest
    first.
    """
    return await connection.fetch(PLACES, list(raw_event_ids), word)


async def wait_briefly(connection: Connection) -> None:
    """Rather fail than hold others up, until the transaction ends."""
    await connection.execute("set local lock_timeout = '2s'")
