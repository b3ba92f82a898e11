"""The SQL that pages tell people to run does what they say, on a database with data in it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg

from markdown_pages import blocks, read
from parts import RING
from sample_data import (
    ADMIN,
    DELIVERED_PHONE,
    PLANNED_PHONE,
    REJECTED_PHONE,
    UNKNOWN_PHONE,
)
from uzel.calls.recover import Choice, decide
from uzel.connections.store import default_business
from uzel.demo import registry
from uzel.flows.registry_deals import mirror_store, own_feed
from uzel.kit import database
from uzel.messages.send import on_closed
from uzel.people.manage import find_session, sign_in

Result = TypeVar("Result")


def sql(path: str) -> str:
    """The one block of SQL of a page."""
    (block,) = blocks(read(path), "sql")
    return block


def statements(path: str) -> str:
    """All blocks of SQL of a page."""
    return "\n".join(blocks(read(path), "sql"))


def on(dsn: str, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        connection = await database.connect(dsn, name="test")
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


async def everything(connection: database.Connection) -> str:
    """Every row of every table as text."""
    tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    texts: list[str] = []
    for (table,) in tables:
        texts += [r[0] for r in await connection.fetch(f"select t::text from {table} t")]
    bodies = await connection.fetch("select encode(body, 'escape') from raw_event")
    return "\n".join([*texts, *(body[0] for body in bodies)])


def test_a_guests_data_is_gone(sample_dsn: str) -> None:
    guest = DELIVERED_PHONE.removeprefix("+")
    statements = sql("SECURITY.md").replace("79990000001", guest)

    async def work(connection: asyncpg.Connection) -> tuple[str, str, Any, Any]:
        before = await everything(connection)
        facts = "select (select count(*) from event), (select sum(cost_minor) from message)"
        had = await connection.fetchrow(facts)
        await connection.execute(statements)
        return before, await everything(connection), had, await connection.fetchrow(facts)

    before, after, had, has = on(sample_dsn, work)
    assert guest in before
    assert guest not in after
    assert tuple(has) == tuple(had)
    for other in (REJECTED_PHONE, UNKNOWN_PHONE, PLANNED_PHONE):
        assert other.removeprefix("+") in after


def test_a_person_of_the_registry_is_gone(sample_dsn: str) -> None:
    gone, other = registry.PEOPLE[0], registry.PEOPLE[1]

    async def work() -> tuple[str, str]:
        pool = await database.open_pool(sample_dsn, size=2, name="test")
        async with pool.acquire() as connection:
            async with connection.transaction():
                await registry.ensure(connection, RING)
                business = await default_business(connection)
                crm = await connection.fetchval("select min(id) from connection")
                since = datetime.now(UTC) - timedelta(days=1)
                made: Any = (business, None, crm, {}, since, "test")
                mirror = await mirror_store.save(connection, *made)
                await mirror_store.add_earlier(
                    connection, await mirror_store.one(connection, mirror)
                )
            await own_feed.read(pool, await mirror_store.one(connection, mirror))
            before = await everything(connection)
            digits = gone["mobile"].removeprefix("+")
            await connection.execute(sql("SECURITY.md").replace("79990000001", digits))
            after = await everything(connection)
        await pool.close()
        return before, after

    before, after = asyncio.run(work())
    for said in (gone["email"], "Тур, который отменили", "Договор.pdf", "+79990000101"):
        assert said in before
        assert said not in after
    assert other["lastname"] in after


def test_what_has_not_ended_is_left_alone(sample_dsn: str) -> None:
    async def work(connection: asyncpg.Connection) -> list[Any]:
        for phone in (PLANNED_PHONE, UNKNOWN_PHONE):
            digits = phone.removeprefix("+")
            await connection.execute(sql("SECURITY.md").replace("79990000001", digits))
        return await connection.fetch(
            "select m.phone, c.arguments ->> 'phone' from message m "
            "join call c on c.effect = 'message:' || m.id where m.state in ('planned', 'unknown')"
        )

    rows = on(sample_dsn, work)
    assert sorted(map(tuple, rows)) == sorted([(p, p) for p in (PLANNED_PHONE, UNKNOWN_PHONE)])


def test_after_a_restore_nothing_leaves_without_a_person(sample_dsn: str) -> None:
    async def work(connection: asyncpg.Connection) -> tuple[list[Any], Any]:
        await connection.execute(sql("docs/how-to/run-in-production.md"))
        waiting = await connection.fetch(
            "select 1 from raw_event where state = 'received' union all "
            "select 1 from call where state in ('planned', 'sending') union all "
            "select 1 from message where state = 'planned'"
        )
        call_id = await connection.fetchval(
            "select id from call where arguments ->> 'phone' = $1", PLANNED_PHONE
        )
        async with connection.transaction():
            await decide(connection, call_id, Choice.AGAIN, "olga", {"message": on_closed})
        return waiting, await connection.fetchrow(
            "select c.state, m.state from call c join message m on c.effect = 'message:' || m.id "
            "where c.id = $1",
            call_id,
        )

    waiting, decided = on(sample_dsn, work)
    assert waiting == []
    assert tuple(decided) == ("planned", "planned")


def test_access_is_taken_away(sample_dsn: str) -> None:
    taken = statements("docs/how-to/rotate-keys.md")

    async def work() -> tuple[bool, bool]:
        pool = await database.open_pool(sample_dsn, size=2, name="test")
        try:
            session = await sign_in(pool, *ADMIN, "192.0.2.1")
            assert session is not None
            before = await find_session(pool, session)
            await pool.execute(taken)
            return bool(before), bool(await find_session(pool, session))
        finally:
            await pool.close()

    assert asyncio.run(work()) == (True, False)
