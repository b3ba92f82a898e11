"""A database for tests of rates: pairs are a test's own, so that many can share it."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from uzel.kit import database
from uzel.model.currency import EXPONENTS
from uzel.rates import change
from uzel.rates.change import Proposed
from uzel.rates.pair import Pair

_pairs = (Pair(*two) for two in itertools.combinations(sorted(EXPONENTS.keys() - {"RUB"}), 2))
TODAY = datetime.now(UTC).date()


def new_pair() -> Pair:
    """One that no other test of this run uses."""
    return next(_pairs)


@contextlib.asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[database.Pool]:
    pool = await database.open_pool(dsn, size=8, name="rates")
    try:
        yield pool
    finally:
        pool.terminate()


async def propose(
    pool: database.Pool, pair: Pair, value: str, by: str = "anna", **more: Any
) -> Proposed:
    async with pool.acquire() as connection, connection.transaction():
        return await change.propose(connection, pair, Decimal(value), by=by, **more)


async def of_bank(
    pool: database.Pool, pair: Pair, value: str, day: date, source: str = "cbr"
) -> Proposed:
    return await propose(
        pool, pair, value, by="connection:1", source=source, source_date=day, nominal=1
    )


async def approve(pool: database.Pool, version: int, by: str) -> datetime:
    async with pool.acquire() as connection, connection.transaction():
        return await change.approve(connection, version, by=by)


async def refuse(pool: database.Pool, version: int, by: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await change.refuse(connection, version, by=by)


async def end(pool: database.Pool, pair: Pair, by: str = "anna") -> int:
    async with pool.acquire() as connection, connection.transaction():
        return await change.end(connection, pair, by=by)


async def earlier(pool: database.Pool, by: timedelta, pair: Pair) -> None:
    """Have all that was said of a pair been said that much earlier."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update rate_decision set decided_at = decided_at - $1::interval, "
            "effective_at = effective_at - $1::interval "
            "where pair = $2",
            by,
            pair.key,
        )
        await connection.execute(
            "update rate set created_at = created_at - $1::interval, "
            "valid_from = valid_from - $1::interval "
            "where pair = $2",
            by,
            pair.key,
        )
