"""PostgreSQL through asyncpg: pools, JSON, and what a lost database looks like."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import asyncpg
import asyncpg.exceptions
import orjson

from uzel.errors import ConfigError

JSON_TYPES = ("json", "jsonb")
# The escape of NUL, but not an escaped backslash with `u0000` after it.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

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


def loss_in_one_line(record: logging.LogRecord) -> bool:
    """For the loggers of asyncpg and PgQueuer: that the database is away is no bug to trace."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, LOST):
        record.msg, record.args = f"{record.getMessage()} ({type(error).__name__})", ()
        record.exc_info = record.exc_text = None
    return True


for _name in ("asyncpg.pool", "pgqueuer"):
    logging.getLogger(_name).addFilter(loss_in_one_line)


async def open_pool(dsn: str, *, size: int, name: str, json: bool = True) -> Pool:
    """A pool of up to `size` connections; `name` shows in pg_stat_activity; `json` whether JSON
    columns travel as Python values (PgQueuer wants them as text).
    """
    with address_understood():
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            init=prepare if json else None,
            reset=leave_as_is,
            timeout=5,
            command_timeout=30,
            max_inactive_connection_lifetime=60,
            server_settings={"application_name": f"uzel {name}", "timezone": "UTC"},
        )


async def leave_as_is(connection: Connection) -> None:
    """Nothing here leaves anything behind in a session (locks, settings, cursors), so the question
    to the server by which asyncpg clears up after each use is saved. It still ends a transaction
    that was left open.
    """


async def connect(dsn: str, *, name: str) -> asyncpg.Connection:
    """One connection outside any pool, for those who listen or hold locks."""
    with address_understood():
        connection = await asyncpg.connect(
            dsn,
            timeout=5,
            command_timeout=30,
            server_settings={"application_name": f"uzel {name}", "timezone": "UTC"},
        )
    await prepare(connection)
    return connection


@contextlib.contextmanager
def address_understood() -> Iterator[None]:
    """What asyncpg says of an address it cannot read may quote the password in it."""
    try:
        yield
    except ValueError:
        raise ConfigError(
            "UZEL_DATABASE_URL is not the address of a PostgreSQL, such as "
            "postgresql://user:password@host:5432/database (write special characters as %..)"
        ) from None


async def prepare(connection: Connection) -> None:
    """JSON columns travel as Python values."""
    for name in JSON_TYPES:
        await connection.set_type_codec(
            name, encoder=encode_json, decoder=orjson.loads, schema="pg_catalog"
        )


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows as the arrays that `unnest($1, $2, …)` makes rows of again; there is at least one."""
    return [list(column) for column in zip(*rows, strict=True)]


def listed(column: Iterable[Any]) -> str:
    """A column of integers, texts, JSON objects and None as PostgreSQL reads an array, for
    `$1::text::bigint[]`. asyncpg looks at each member of a list to learn whether it is a list too:
    where many rows are written often, that is most of what writing them costs here.
    """
    return "{" + ",".join([_member(one) for one in column]) + "}"


def _member(one: Any) -> str:
    if one is None:
        return "NULL"
    if isinstance(one, int):
        return str(one)
    text = one if isinstance(one, str) else encode_json(one)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encode_json(value: Any) -> str:
    """JSON for a jsonb column. Decimal, dates and the like become text. What PostgreSQL cannot
    store is left out (NUL) or replaced (half a surrogate pair): whatever a provider sent, the row
    around it must be written.
    """
    try:
        text = orjson.dumps(value, default=str).decode()
    except TypeError:  # half a surrogate pair, or an integer of more than 64 bits
        text = json.dumps(value, default=str, ensure_ascii=False).encode(errors="replace").decode()
    return _NUL.sub(r"\1", text) if "\\u0000" in text else text
