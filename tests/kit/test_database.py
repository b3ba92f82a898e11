"""What PostgreSQL gets from us, and what its absence looks like."""

import asyncio
import logging
import socket
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uzel.errors import ConfigError
from uzel.kit import database

any_text = st.text(
    st.one_of(st.sampled_from('\\u0000"\x00\ud83d\udc4bab/'), st.characters(codec=None)),
    max_size=20,
)
any_json = st.recursive(
    st.one_of(
        any_text,
        st.integers(),
        st.none(),
        st.booleans(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(any_text, inner, max_size=4)
    ),
    max_leaves=12,
)


def stored(value: Any) -> Any:
    """`value` as it comes back: without NUL, half pairs replaced."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\x00", "")
    if isinstance(value, list):
        return [stored(item) for item in value]
    if isinstance(value, dict):
        return {stored(name): stored(item) for name, item in value.items()}
    return value


@given(any_text)
def test_text_survives_but_for_what_cannot_be_stored(text: str) -> None:
    assert orjson.loads(database.encode_json({"text": text})) == {"text": stored(text)}


def test_any_json_can_be_written(server_dsn: str) -> None:
    async def run() -> None:
        connection = await database.connect(server_dsn, name="test")

        @given(any_json)
        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        def check(value: Any) -> None:
            text = database.encode_json([value])
            found.append(text)

        found: list[str] = []
        check()
        try:
            for text in found:
                await connection.execute("select ($1::text)::jsonb", text)
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_guest_called_like_an_escape_is_stored_as_written(server_dsn: str) -> None:
    async def run() -> None:
        connection = await database.connect(server_dsn, name="test")
        try:
            for name in (r"\u0000", r"\\u0000", "a\\", "\x00\x00b", "Ива\ud83d", "\U0001f44b"):
                found = await connection.fetchval("select $1::jsonb", {"name": name})
                assert found == {"name": stored(name)}
        finally:
            await connection.close()

    asyncio.run(run())


def test_money_and_times_become_text(server_dsn: str) -> None:
    async def run() -> None:
        connection = await database.connect(server_dsn, name="test")
        at = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
        try:
            found = await connection.fetchval(
                "select $1::jsonb", {"sum": Decimal("10.10"), "at": at, "n": 10**30}
            )
        finally:
            await connection.close()
        assert found["sum"] == "10.10" and datetime.fromisoformat(found["at"]) == at

    asyncio.run(run())


def lost(work: Callable[[], Awaitable[object]]) -> None:
    async def run() -> None:
        with pytest.raises(database.LOST):
            await asyncio.wait_for(work(), 20)

    asyncio.run(run())


def test_a_server_that_is_not_there_counts_as_lost(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lost(lambda: database.connect(f"postgresql://uzel@127.0.0.1:{port}/uzel", name="test"))
    lost(lambda: database.connect(f"postgresql://uzel@/uzel?host={tmp_path}", name="test"))


@pytest.mark.parametrize("name", ["asyncpg.pool", "pgqueuer"])
def test_libraries_tell_of_a_lost_database_in_one_line_and_of_bugs_in_full(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger(name)
    for error in (ConnectionRefusedError(111, "refused"), ValueError("a bug")):
        try:
            raise error
        except Exception:
            logger.exception("%d items, 100 %% lost", 5)
    assert [record.getMessage() for record in caplog.records] == [
        "5 items, 100 % lost (ConnectionRefusedError)",
        "5 items, 100 % lost",
    ]
    assert [record.exc_info is None for record in caplog.records] == [True, False]


def test_a_connection_cut_from_outside_counts_as_lost(server_dsn: str) -> None:
    async def run() -> None:
        pool = await database.open_pool(server_dsn, size=2, name="test")
        try:
            async with pool.acquire() as victim, pool.acquire() as killer:
                pid = await victim.fetchval("select pg_backend_pid()")
                sleeping = asyncio.create_task(victim.execute("select pg_sleep(60)"))
                while not await killer.fetchval(
                    "select count(*) from pg_stat_activity where pid = $1 and query ~ 'pg_sleep' "
                    "and state = 'active'",
                    pid,
                ):
                    await asyncio.sleep(0.01)
                await killer.execute("select pg_terminate_backend($1)", pid)
                with pytest.raises(database.LOST):
                    await sleeping
            # The pool replaces it by itself.
            assert await pool.fetchval("select 1") == 1
        finally:
            pool.terminate()

    asyncio.run(run())


def test_a_circle_of_waiting_transactions_is_passing(server_dsn: str) -> None:
    async def run() -> None:
        pool = await database.open_pool(server_dsn, size=3, name="test")
        try:
            async with pool.acquire() as one, pool.acquire() as two:
                first, second = one.transaction(), two.transaction()
                await first.start()
                await second.start()
                await one.execute("select pg_advisory_xact_lock(781)")
                await two.execute("select pg_advisory_xact_lock(782)")
                answers = await asyncio.gather(
                    one.execute("select pg_advisory_xact_lock(782)"),
                    two.execute("select pg_advisory_xact_lock(781)"),
                    return_exceptions=True,
                )
                (error,) = [a for a in answers if isinstance(a, BaseException)]
                assert isinstance(error, database.PASSING)
                assert not isinstance(error, database.LOST)
                await first.rollback()
                await second.rollback()
        finally:
            pool.terminate()

    asyncio.run(run())


def test_a_statement_we_got_wrong_is_not_taken_for_a_lost_database(server_dsn: str) -> None:
    async def run() -> None:
        connection = await database.connect(server_dsn, name="test")
        try:
            for statement in ("selec 1", "select * from no_such_table", "select 1/0"):
                with pytest.raises(asyncpg.PostgresError) as error:
                    await connection.fetch(f"{statement} -- wrong")
                assert not isinstance(error.value, database.PASSING)
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_column_as_text_is_the_same_column(server_dsn: str) -> None:
    letters = st.one_of(st.sampled_from('\\",{}\n NULL'), st.characters(codec="utf-8"))
    words = st.text(letters.filter(lambda letter: letter != "\x00"))
    numbers = st.integers(-(2**63), 2**63 - 1)
    things = st.dictionaries(words, words)

    async def run() -> None:
        connection = await database.connect(server_dsn, name="test")

        @given(st.tuples(*(st.lists(st.none() | kind) for kind in (words, numbers, things))))
        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        def check(columns: tuple[list[Any], ...]) -> None:
            found.append(columns)

        found: list[tuple[list[Any], ...]] = []
        check()
        ask = "select $1::text::text[], $2::text::bigint[], $3::text::jsonb[]"
        try:
            for columns in found:
                row = await connection.fetchrow(ask, *map(database.listed, columns))
                assert row is not None and tuple(row) == columns
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "address",
    [
        "canary-17",
        "canary-17://db/uzel",
        "postgresql://uzel:canary-17/x@db.example/uzel",
        "postgresql://uzel:canary-17#x@db.example/uzel",
        "postgresql://uzel:canary-17?x@db.example/uzel",
        "postgresql://uzel@db.example:canary-17/uzel",
        "postgresql://[canary-17/uzel",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(address: str) -> None:
    async def run() -> None:
        for work in (
            lambda: database.connect(address, name="test"),
            lambda: database.open_pool(address, size=1, name="test"),
        ):
            with pytest.raises(ConfigError, match="UZEL_DATABASE_URL") as refused:
                await work()
            assert "canary" not in "".join(traceback.format_exception(refused.value))

    asyncio.run(run())
