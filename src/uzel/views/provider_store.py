"""How far the set-up of a connection has come, as the database knows it."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views.query_store import NEWEST

# Requests nobody has processed that are looked through.
MOST_OPEN = 1_000

# The newest event tells when something last came; what has none yet, or none at all, is told by
# the open requests and by any row. Each part reads an index that cannot lead astray: see
# `missing_store` for the last one.
SEEN = f"""
select greatest(
         (select r.received_at from raw_event r where r.id = (
             select raw_event_id from event where (connection_id, id) >= ($1, 0)
                and (connection_id, id) < ($1, $2) order by connection_id desc, id desc limit 1)),
         (select max(received_at) from (
             select connection_id, received_at from raw_event where state <> 'processed'
              order by id desc limit {MOST_OPEN}) w where connection_id = $1)) as last_at,
       (select 1 from raw_event where connection_id = $1 order by digest limit 1) is not null
         as ever
"""  # noqa: S608
ACT = """
select at, actor, detail from audit
 where subject = $1 and subject is not null and action = $2 order by id desc limit 1
"""
# What a test said is out of date once access was granted anew, orders were fetched, or a call went
# well. Of the calls since, the newest are enough: one that goes well is among them, or tests can be
# trusted more than it.
FAILED_TESTS = """
select n.id, t.at, t.detail ->> 'text' as text
  from connection n,
       lateral (select at, detail from audit
                 where subject = 'connection:' || n.id and subject is not null and action = $1
                 order by subject desc, id desc limit 1) t
 where t.detail ->> 'good' = 'false'
   and not exists (select 1 from (select state, finished_at from call
                                   where (connection_id, id) >= (n.id, 0)
                                     and (connection_id, id) < (n.id, $2)
                                   order by connection_id desc, id desc limit 100) c
                    where c.state = 'accepted' and c.finished_at > t.at)
   and not exists (select from oauth_grant g where g.connection_id = n.id
                    and g.revoked_reason is null
                    and greatest(g.granted_at, g.renewed_at) > t.at)
   and not exists (select from shop s join shop_task k on k.shop_id = s.id
                    where s.source_id = n.id and k.task = 'fetch' and k.succeeded_at > t.at)
"""
REFUSED = """
select reason, count from refusal
 where day = (now() at time zone 'utc')::date and connector = $1 order by count desc
"""


async def seen(connection: Connection | Pool, connection_id: int) -> tuple[bool, datetime | None]:
    """(whether anything ever came in through a connection, when it last did as far as known)."""
    row = await connection.fetchrow(SEEN, connection_id, NEWEST)
    assert row is not None
    return row["ever"], row["last_at"]


async def last_act(connection: Connection | Pool, subject: str, action: str) -> Any:
    """(at, actor, detail) of the newest such entry of the audit; None if there is none."""
    return await connection.fetchrow(ACT, subject, action)


async def failed_tests(connection: Connection | Pool, action: str) -> dict[int, Any]:
    """Connection → (id, at, text) of its last test, where that failed and nothing went well since.
    `action`: by which the audit knows tests.
    """
    rows = await connection.fetch(FAILED_TESTS, action, NEWEST)
    return {row["id"]: row for row in rows}


async def message_of(connection: Connection | Pool, message_id: int) -> Any:
    """(id, channel, address, state, state_reason, cost_minor, currency, created_at) of a message;
    None if there is none.
    """
    return await connection.fetchrow(
        "select id, channel, address, state, state_reason, cost_minor, currency, created_at "
        "from message where id = $1",
        message_id,
    )


async def refused(connection: Connection | Pool, connector: str) -> list[Any]:
    """(reason, count) of what was turned away at the door since midnight UTC, most first."""
    return await connection.fetch(REFUSED, connector)
