"""What is told of payouts to those who asked for them, in the database."""

from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool


async def lock_request(connection: Connection, payout_id: int) -> Any:
    """(payout_id, receiver_id, callback_path) of a payout that is told; None: nobody wants to
    hear. Whoever tells or has told waits here for each other.
    """
    return await connection.fetchrow(
        "select payout_id, receiver_id, callback_path from payout_request "
        "where payout_id = $1 and receiver_id is not null for update",
        payout_id,
    )


async def add(connection: Connection, payout_id: int, event: str, body: str) -> int:
    """One more; its number within the payout."""
    return (
        await connection.fetchval(
            "insert into payout_callback (payout_id, number, event, body) "
            "select $1, coalesce(max(number), 0) + 1, $2, $3 from payout_callback "
            "where payout_id = $1 returning number",
            payout_id,
            event,
            body,
        )
        or 0
    )


async def take_next(connection: Connection, payout_id: int) -> Any:
    """(id, event, body) of the next to be told, which is planned now; None: there is none, or the
    one before it is on its way.
    """
    return await connection.fetchrow(
        "update payout_callback set state = 'planned' where id = ("
        " select id from payout_callback where payout_id = $1 and state = 'waiting' "
        " order by number limit 1) and not exists (select 1 from payout_callback "
        " where payout_id = $1 and state = 'planned') returning id, event, body",
        payout_id,
    )


async def payout_of(connection: Connection, callback_id: int) -> int | None:
    found: int | None = await connection.fetchval(
        "select payout_id from payout_callback where id = $1", callback_id
    )
    return found


async def end(connection: Connection, callback_id: int, state: str) -> None:
    await connection.execute(
        "update payout_callback set state = $2, ended_at = clock_timestamp() "
        "where id = $1 and state = 'planned'",
        callback_id,
        state,
    )


async def drop_waiting(connection: Connection, payout_id: int) -> None:
    """Nobody wants to hear any more."""
    await connection.execute(
        "update payout_callback set state = 'failed', ended_at = clock_timestamp() "
        "where payout_id = $1 and state = 'waiting'",
        payout_id,
    )


async def forget(pool: Pool | Connection, older: timedelta) -> int:
    """Those that ended long ago; how many."""
    rows = await pool.fetch(
        "delete from payout_callback where ended_at < clock_timestamp() - $1::interval returning 1",
        older,
    )
    return len(rows)
