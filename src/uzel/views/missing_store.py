"""What of the set-up is there, and what was skipped for want of the rest."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection
from uzel.views.query_store import id_at

# Skipped visits are counted up to here.
MOST = 10_000

# Who has orders turned into deals, and nothing that tells of visits, needs none of these.
THERE = """
select o.deals_only or exists (select 1 from place where business_id = b.id) as place,
       o.deals_only or exists (select 1 from template where business_id = b.id and purpose = $1
               and weight > 0
               and channel in ('sms', 'whatsapp', 'email')) as template,
       o.deals_only or exists (select 1 from connection where business_id = b.id
               and connector = any($2) and state <> 'off') as channel
  from business b,
       lateral (select exists (select 1 from shop)
                   and not exists (select 1 from connection
                                    where connector = any($3) and state <> 'off'
                                      and id not in (select crm_id from shop))) as o(deals_only)
 order by b.id limit 1
"""
# A subquery for each connection, not a join: PostgreSQL would read the whole table for one. The
# order leaves it no choice but the index raw_event_digest; without it, it would look for the first
# row of a connection that has none from one end of the table to the other.
UNSEEN = """
select id, connector, name from connection n
 where key_hash is not null and state <> 'off'
   and id not in (select crm_id from shop)
   and (select 1 from raw_event where connection_id = n.id order by digest limit 1) is null
 order by id
"""
# Events about one visit count once; each keeps its row, since nothing followed from it.
SKIPPED = f"""
select w.reason, count(distinct (e.connection_id, coalesce(e.data ->> 'visit', e.id::text)))
  from unnest($1::text[]) as w(reason),
       lateral (select id, connection_id, data from event where reason = w.reason and id >= $2
                 order by id desc limit {MOST}) e
 group by 1
"""  # noqa: S608


async def there(
    connection: Connection, purpose: str, channels: Sequence[str], sources: Sequence[str]
) -> dict[str, bool]:
    """Whether the first business has a `place`, a `template`, a `channel` (a connection of one of
    the connectors `channels` that is not off), or can do without: connections of `sources` tell of
    visits.
    """
    row = await connection.fetchrow(THERE, purpose, list(channels), list(sources))
    return dict(row) if row else dict.fromkeys(("place", "template", "channel"), False)


async def unseen(connection: Connection) -> list[Any]:
    """(id, connector, name) of connections that could receive and never did. A CRM that deals are
    written to need not tell us anything.
    """
    return await connection.fetch(UNSEEN)


async def skipped(
    connection: Connection, reasons: Sequence[str], since: datetime
) -> dict[str, int]:
    """How many visits led to nothing for each of the reasons."""
    low = await id_at(connection, "event", "created_at", since)
    if low is None:
        return {}
    rows = await connection.fetch(SKIPPED, list(reasons), low)
    return {row["reason"]: row["count"] for row in rows}
