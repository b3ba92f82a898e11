"""PostgreSQL through asyncpg: pools, JSON, and what a lost database looks like."""

import asyncio
from typing import Any

import asyncpg
import asyncpg.exceptions
import orjson

JSON_TYPES = ("json", "jsonb")

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Pool = asyncpg.Pool

# What asyncpg and the operating system raise when the database is away, going away or coming back.
LOST: tuple[type[BaseException], ...] = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What asyncpg says when the server dies in mid-query.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
# These, and a transaction that had to give way to another: the same again will do.
PASSING: tuple[type[BaseException], ...] = (*LOST, asyncpg.exceptions.TransactionRollbackError)


async def open_pool(dsn: str, *, size: int, name: str, json: bool = True) -> Pool:
    """A pool of up to `size` connections; `name` shows in pg_stat_activity; `json` whether JSON
    columns travel as Python values (PgQueuer wants them as text).
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        init=prepare if json else None,
        timeout=5,
        command_timeout=30,
        max_inactive_connection_lifetime=60,
        server_settings={"application_name": f"uzel {name}", "timezone": "UTC"},
    )


async def connect(dsn: str, *, name: str) -> asyncpg.Connection:
    """One connection outside any pool, for those who listen or hold locks."""
    connection = await asyncpg.connect(
        dsn,
        timeout=5,
        command_timeout=30,
        server_settings={"application_name": f"uzel {name}", "timezone": "UTC"},
    )
    await prepare(connection)
    return connection


async def prepare(connection: Connection) -> None:
    """JSON columns travel as Python values."""
    for name in JSON_TYPES:
        await connection.set_type_codec(
            name, encoder=encode_json, decoder=orjson.loads, schema="pg_catalog"
        )


def encode_json(value: Any) -> str:
    """JSON for a jsonb column. Decimal, dates and the like become text; NUL cannot be stored."""
    return orjson.dumps(value, default=str).decode().replace("\\u0000", "")
