"""Which connections carry the webhooks to partners, and what went out through them."""

from collections.abc import Collection
from typing import Any

from uzel.kit.database import Connection, Pool

RECEIVERS = """
select h.partner_id, h.book, h.connection_id
  from unnest($1::int[], $2::text[]) as w(partner_id, book)
  join partner_hook h using (partner_id, book)
  join connection n on n.id = h.connection_id
 where n.state <> 'off'
"""
FIND = """
select h.partner_id, h.book, h.connection_id, h.created_at, n.settings, n.secrets, n.rate_per_s,
       n.state, n.state_reason, p.name as partner, p.public_id
  from partner_hook h join connection n on n.id = h.connection_id
  join partner p on p.id = h.partner_id
"""
DELIVERIES = """
select c.id, c.effect, c.arguments, c.state, c.attempt, c.due_at, c.created_at, c.finished_at,
       coalesce(c.http_status, (c.answer ->> 'status')::int) as http_status, c.detail
  from partner_hook h join call c on c.connection_id = h.connection_id
 where h.partner_id = $1 and h.book = $2 and c.effect like 'hook:%'
"""


async def receivers(connection: Connection, wanted: Collection[tuple[int, str]]) -> list[Any]:
    """(partner_id, book, connection_id) of those that want to hear, of (partner, book) `wanted`."""
    partners, books = [number for number, _ in wanted], [book for _, book in wanted]
    return await connection.fetch(RECEIVERS, partners, books)


async def find(pool: Pool | Connection, partner_id: int, book: str) -> Any:
    """The hook of a book with the settings of its connection; None where there is none."""
    return await pool.fetchrow(
        f"{FIND} where h.partner_id = $1 and h.book = $2",
        partner_id,
        book,
    )


async def of_connection(connection: Connection, connection_id: int) -> Any:
    """The same by its connection."""
    return await connection.fetchrow(f"{FIND} where h.connection_id = $1", connection_id)


async def add(connection: Connection, partner_id: int, book: str, connection_id: int) -> None:
    """A new hook."""
    await connection.execute(
        "insert into partner_hook (partner_id, book, connection_id) values ($1, $2, $3)",
        partner_id,
        book,
        connection_id,
    )


async def deliveries(
    pool: Pool | Connection, partner_id: int, book: str, most: int, before: int | None
) -> list[Any]:
    """The newest calls of a hook, those below a number."""
    return await pool.fetch(
        f"{DELIVERIES} and ($4::bigint is null or c.id < $4) order by c.id desc limit $3",
        partner_id,
        book,
        most,
        before,
    )


async def delivery(pool: Pool | Connection, partner_id: int, book: str, effect: str) -> Any:
    """One of them, None where it is not there or another's."""
    return await pool.fetchrow(f"{DELIVERIES} and c.effect = $3", partner_id, book, effect)


async def is_under_way(connection: Connection, connection_id: int, event_id: str) -> bool:
    """Whether this event is yet to be delivered."""
    return bool(
        await connection.fetchval(
            "select exists (select 1 from call where connection_id = $1 "
            "and state in ('planned', 'sending') and arguments ->> 'id' = $2)",
            connection_id,
            event_id,
        )
    )
