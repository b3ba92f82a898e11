"""How payouts of a connection are asked for by programs, and where callbacks go."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool


async def find(pool: Pool | Connection, connection_id: int) -> Any:
    """(secret, old_secret, old_until, nameless) of a connection; None."""
    return await pool.fetchrow(
        "select secret, old_secret, old_until, nameless from payout_door where connection_id = $1",
        connection_id,
    )


async def lock(connection: Connection, connection_id: int) -> Any:
    """The same, made where there is none, and locked."""
    await connection.execute(
        "insert into payout_door (connection_id) values ($1) on conflict do nothing", connection_id
    )
    return await connection.fetchrow(
        "select secret, old_secret, old_until, nameless from payout_door "
        "where connection_id = $1 for update",
        connection_id,
    )


async def with_secrets(pool: Pool | Connection) -> list[Any]:
    """(connection_id, secret, old_secret, old_until) of all that have one."""
    return await pool.fetch(
        "select connection_id, secret, old_secret, old_until from payout_door "
        "where secret is not null order by connection_id"
    )


async def set_secret(
    connection: Connection,
    connection_id: int,
    secret: bytes,
    old_secret: bytes | None,
    old_until: datetime | None,
) -> None:
    await connection.execute(
        "update payout_door set secret = $2, old_secret = $3, old_until = $4 "
        "where connection_id = $1",
        connection_id,
        secret,
        old_secret,
        old_until,
    )


async def set_nameless(connection: Connection, connection_id: int, allowed: bool) -> None:
    await connection.execute(
        "update payout_door set nameless = $2 where connection_id = $1", connection_id, allowed
    )


async def receiver(pool: Pool | Connection, connection_id: int, base_url: str) -> int | None:
    """The connection by which a server is told."""
    found: int | None = await pool.fetchval(
        "select receiver_id from payout_receiver where connection_id = $1 and base_url = $2",
        connection_id,
        base_url,
    )
    return found


async def receivers(pool: Pool | Connection, connection_id: int) -> list[Any]:
    """(base_url, receiver_id, settings, rate_per_s) of all servers that are told."""
    return await pool.fetch(
        "select r.base_url, r.receiver_id, n.settings, n.rate_per_s from payout_receiver r "
        "join connection n on n.id = r.receiver_id where r.connection_id = $1 order by r.base_url",
        connection_id,
    )


async def add_receiver(
    connection: Connection, connection_id: int, base_url: str, receiver_id: int
) -> None:
    """Raises UniqueViolationError."""
    await connection.execute(
        "insert into payout_receiver (connection_id, base_url, receiver_id) values ($1, $2, $3)",
        connection_id,
        base_url,
        receiver_id,
    )
