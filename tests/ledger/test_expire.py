"""Holds that are over are given back once, whoever else is at them."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from parts import go, until
from uzel.kit import database
from uzel.ledger.accounts import open_account, standing
from uzel.ledger.command import End, Hold, How, Standing
from uzel.ledger.expire import MOST_AT_ONCE, expire
from uzel.ledger.post import post

WAITING = (
    "select count(*) from pg_stat_activity "
    "where datname = current_database() and wait_event_type = 'Lock'"
)


async def hold(
    connection: database.Connection, partner: int, expires_at: datetime, *, name: str = "one"
) -> int:
    async with connection.transaction():
        (held,) = await post(connection, [Hold(name, "payment", partner, 40, expires_at)])
    assert held.number is not None
    return held.number


def test_many_are_given_back_in_several_goes(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="expire")
        async with pool.acquire() as connection:
            partner = await open_account(connection, "live", "partner", "KZT", floor_minor=-5000)
            past = datetime.now(UTC) - timedelta(minutes=1)
            holds = [Hold(f"{n}", "payment", partner, 1, past) for n in range(MOST_AT_ONCE + 1)]
            async with connection.transaction():
                await post(connection, holds)
        assert [await expire(pool) for _ in range(3)] == [MOST_AT_ONCE, 1, 0]
        assert await standing(pool, partner) == Standing(0, 0, -5000)
        pool.terminate()

    go(story)


def test_what_another_process_has_just_given_back_is_not_counted(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=3, name="expire")
        async with pool.acquire() as connection:
            partner = await open_account(connection, "live", "partner", "KZT", floor_minor=-100)
            number = await hold(connection, partner, datetime.now(UTC) - timedelta(minutes=1))
            async with connection.transaction():
                (ended,) = await post(connection, [End(number, How.EXPIRED)])
                assert ended.is_done
                late = asyncio.create_task(expire(pool))
                await until(lambda: pool.fetchval(WAITING))
        assert await late == 0
        assert await standing(pool, partner) == Standing(0, 0, -100)
        pool.terminate()

    go(story)


def test_what_was_released_in_the_last_moment_is_not_given_back_again(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=3, name="expire")
        async with pool.acquire() as connection:
            partner = await open_account(connection, "live", "partner", "KZT", floor_minor=-100)
            expires_at = datetime.now(UTC) + timedelta(seconds=1)
            number = await hold(connection, partner, expires_at)
            async with connection.transaction():
                (ended,) = await post(connection, [End(number, How.RELEASED, None, "anna")])
                assert ended.is_done

                async def over() -> bool:
                    return bool(await pool.fetchval("select clock_timestamp() > $1", expires_at))

                await until(over)
                late = asyncio.create_task(expire(pool))
                await until(lambda: pool.fetchval(WAITING))
        assert await late == 0
        assert await standing(pool, partner) == Standing(0, 0, -100)
        assert await how(pool, number) == "released"
        pool.terminate()

    go(story)


async def how(pool: asyncpg.Pool, number: int) -> str:
    found: str = await pool.fetchval("select how from ledger_hold_end where hold_id = $1", number)
    return found
