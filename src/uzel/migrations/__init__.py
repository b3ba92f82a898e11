"""The schema, as numbered steps forward. `upgrade(dsn)` brings a database to the newest one."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

HERE = Path(__file__).parent
# Two processes that start together must not both migrate.
LOCK = 0x757A656C


def alembic_config() -> Config:
    """Alembic without an ini file: everything it needs is known here."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(HERE / "versions"))
    config.set_main_option("path_separator", "newline")
    return config


def newest() -> str:
    """The revision this code needs."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None
    return head


async def upgrade(dsn: str, revision: str = "head") -> None:
    """Bring the database behind `dsn` to `revision`; safe to call from several processes."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
    )
    guard = await asyncpg.connect(dsn)
    try:
        await guard.execute("select pg_advisory_lock($1)", LOCK)
        async with engine.connect() as connection:
            await connection.run_sync(_run, revision)
    finally:
        await guard.close()
        await engine.dispose()


async def alone(connection: asyncpg.Connection) -> None:
    """Until the caller's transaction ends no other process is here."""
    await connection.execute("select pg_advisory_xact_lock($1)", LOCK)


def _run(connection: Connection, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def upgrade_now(dsn: str) -> None:
    """The same for callers without an event loop."""
    asyncio.run(upgrade(dsn))
