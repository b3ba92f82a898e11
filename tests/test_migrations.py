"""The schema can be made, and made again."""

import asyncio

import asyncpg

from uzel import migrations


def test_a_migrated_database_is_at_the_newest_revision_and_stays_there(dsn: str) -> None:
    async def version() -> str:
        connection = await asyncpg.connect(dsn)
        try:
            return str(await connection.fetchval("select version_num from alembic_version"))
        finally:
            await connection.close()

    assert asyncio.run(version()) == migrations.newest()
    migrations.upgrade_now(dsn)
    assert asyncio.run(version()) == migrations.newest()


def test_two_processes_that_start_together_migrate_once(server_dsn: str) -> None:
    from conftest import in_database

    async def both() -> int:
        connection = await asyncpg.connect(server_dsn)
        await connection.execute("drop database if exists uzel_test_race")
        await connection.execute("create database uzel_test_race")
        dsn = in_database(server_dsn, "uzel_test_race")
        await asyncio.gather(migrations.upgrade(dsn), migrations.upgrade(dsn))
        check = await asyncpg.connect(dsn)
        found = await check.fetchval("select count(*) from alembic_version")
        await check.close()
        await connection.execute("drop database uzel_test_race")
        await connection.close()
        return int(found)

    assert asyncio.run(both()) == 1
