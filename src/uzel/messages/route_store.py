"""Who takes over from whom, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool, columns

# Somebody without WhatsApp may install it, but hardly this week.
UNREACHABLE_FOR = "7 days"

# The letters that were left are taken off the message: whoever takes them makes the next one.
TAKE_NEXT = """
update message m set next_hops = null, escalate_at = null, updated_at = now()
  from (select id, next_hops from message
         where id = any($1) and next_hops is not null order by id for update) old
 where m.id = old.id
returning m.id, m.business_id, m.purpose, m.origin, m.hop, m.phone, m.event_id, m.place_id,
          m.not_after, m.polite, old.next_hops,
          (select c.request_id from call c where c.effect = 'message:' || m.id) as request_id
"""

# Waited long enough. One that was accepted is asked about once more where the provider can tell
# (`asked_at` after its time), so that a receipt that is merely late does not make two messages.
DUE = """
select m.id, m.state from message m
 where m.escalate_at < clock_timestamp() and m.next_hops is not null
   and (m.state = 'planned'
        or m.state = 'accepted' and (m.reference is null or not m.connection_id = any($1::int[])
                                     or m.asked_at > m.escalate_at))
 order by m.id limit 200 for update skip locked
"""

EXPIRED = """
select id from message where state = 'planned' and not_after < clock_timestamp()
 order by id limit 500
"""


async def take_next(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """Messages that give way, with the letters that were left in `next_hops`; each once."""
    return await connection.fetch(TAKE_NEXT, list(ids))


async def due(connection: Connection, can_be_asked: Sequence[int]) -> list[Any]:
    """Lock (id, state) of messages whose next hop takes over for want of a receipt.
    `can_be_asked`: connections whose provider tells what became of a message.
    """
    return await connection.fetch(DUE, list(can_be_asked))


async def expired(pool: Pool) -> list[int]:
    """Messages that did not go out in their time."""
    return [row["id"] for row in await pool.fetch(EXPIRED)]


async def end_chains(connection: Connection, ids: Sequence[int]) -> None:
    """Nobody takes over from these."""
    if ids:
        await connection.execute(
            "update message set next_hops = null, escalate_at = null where id = any($1) "
            "and next_hops is not null",
            list(ids),
        )


async def postpone(connection: Connection, message_id: int, until: datetime) -> None:
    """The next hop waits as long again, from `until` on."""
    await connection.execute(
        "update message set escalate_at = $2::timestamptz + make_interval(secs => wait_s) "
        "where id = $1 and next_hops is not null and wait_s is not null",
        message_id,
        until,
    )


async def mark_unreachable(connection: Connection, ids: Sequence[int]) -> None:
    """The recipients of these messages have no such channel. Whichever business found it out, it
    holds for all: it is the phone that has no WhatsApp.
    """
    await connection.execute(
        "insert into unreachable (channel, address, until) "  # noqa: S608
        f"select distinct channel, address, now() + interval '{UNREACHABLE_FOR}' from message "
        "where id = any($1) "
        "on conflict (channel, address) do update set until = excluded.until",
        list(ids),
    )


async def unreachable(connection: Connection, addresses: Sequence[str]) -> set[tuple[str, str]]:
    """(channel, address) of those that cannot be reached at present."""
    rows = await connection.fetch(
        "select channel, address from unreachable where address = any($1) and until > now()",
        list(addresses),
    )
    return {(row["channel"], row["address"]) for row in rows}


async def note_inbound(connection: Connection, rows: Sequence[tuple[int, str, datetime]]) -> None:
    """(connection, address, when): somebody wrote to us. Messages are delivered late and in any
    order; the window is open from the moment the last one was written.
    """
    await connection.execute(
        "insert into inbound_window as w (connection_id, address, last_at) "
        "select g.connection_id, g.address, least(max(g.at), now()) "
        "from unnest($1::int[], $2::text[], $3::timestamptz[]) as g(connection_id, address, at) "
        "group by 1, 2 order by 1, 2 "
        "on conflict (connection_id, address) "
        "do update set last_at = greatest(w.last_at, excluded.last_at)",
        *columns(rows),
    )


async def open_windows(connection: Connection, addresses: Sequence[str]) -> set[tuple[int, str]]:
    """(connection, address) of who wrote to us within a day, less an hour in which to answer."""
    rows = await connection.fetch(
        "select connection_id, address from inbound_window where address = any($1) "
        "and last_at > now() - interval '23 hours'",
        list(addresses),
    )
    return {(row["connection_id"], row["address"]) for row in rows}
