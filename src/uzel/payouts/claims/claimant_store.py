"""Those who ask for money, in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = (
    "id, key, name, chat_connection_id, chat_id, blocked_at, blocked_by, blocked_reason, "
    "created_at, unreachable_at, unreachable_reason"
)


async def known(
    connection: Connection,
    key: str,
    name: str | None = None,
    chat_connection_id: int | None = None,
    chat_id: int | None = None,
) -> int:
    """The number of whom this key stands for, who is added if there is nobody yet; the newest name
    and chat are kept.
    """
    found: int = await connection.fetchval(
        "insert into claimant as c (key, name, chat_connection_id, chat_id) "
        "values ($1, $2, $3, $4) on conflict (key) do update set "
        "name = coalesce(excluded.name, c.name), "
        "chat_connection_id = coalesce(excluded.chat_connection_id, c.chat_connection_id), "
        "chat_id = coalesce(excluded.chat_id, c.chat_id) returning id",
        key,
        name,
        chat_connection_id,
        chat_id,
    )
    return found


async def find(pool: Pool | Connection, claimant_id: int) -> Any:
    return await pool.fetchrow(
        f"select {COLUMNS} from claimant where id = $1",  # noqa: S608
        claimant_id,
    )


async def by_key(pool: Pool | Connection, key: str) -> Any:
    return await pool.fetchrow(f"select {COLUMNS} from claimant where key = $1", key)  # noqa: S608


async def is_blocked(connection: Connection | Pool, claimant_id: int) -> bool:
    return bool(
        await connection.fetchval(
            "select blocked_at is not null from claimant where id = $1", claimant_id
        )
    )


async def block(connection: Connection, claimant_id: int, by: str, reason: str) -> bool:
    """False: they are blocked, or unknown."""
    found = await connection.fetchval(
        "update claimant set blocked_at = clock_timestamp(), blocked_by = $2, blocked_reason = $3 "
        "where id = $1 and blocked_at is null returning true",
        claimant_id,
        by,
        reason,
    )
    return bool(found)


async def unblock(connection: Connection, claimant_id: int) -> bool:
    """False: they are not blocked."""
    found = await connection.fetchval(
        "update claimant set blocked_at = null, blocked_by = null, blocked_reason = null "
        "where id = $1 and blocked_at is not null returning true",
        claimant_id,
    )
    return bool(found)
