"""The database for commands and scripts: the one that runs, or one started for their time."""

import asyncio
import contextlib
import dataclasses
import fcntl
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import asyncpg

from uzel.app import Parts, open_parts
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.embedded import opened
from uzel.kit.embedded.processes import open_private
from uzel.kit.logs import redact_text
from uzel.kit.settings import Settings, read_settings
from uzel.setup import migrate_and_set_up

Result = TypeVar("Result")

LOCK = "command.lock"
TROUBLES: tuple[type[BaseException], ...] = (*database.LOST, asyncpg.UndefinedTableError)


def with_parts(work: Callable[[Parts], Awaitable[Result]], *, quiet: bool = False) -> Result:
    """Run `work` with everything connected. quiet: standard error is somebody else's. Raises
    ConfigError, also where a loop of asyncio runs already.
    """
    refuse_in_loop()
    settings = read_settings()
    if settings.database_url is None:
        announce(settings.data_dir, quiet=quiet)
    with with_database(settings) as (settings, is_new):
        if is_new:
            migrate_and_set_up(settings)
        return asyncio.run(_run(settings, work))


def refuse_in_loop() -> None:
    """What waits for its own loop would stand still for ever in another one."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise ConfigError("inside asyncio use `async with uzel.messaging.Messaging()`")


def announce(data_dir: Path, *, quiet: bool) -> None:
    """Another folder is another installation: whoever meant one of them should see which it was.
    A new one is told to everybody, an old one to people only: cron mails what it is told.
    """
    if not (data_dir / "postgres").exists():
        print(f"uzel: NEW installation in {data_dir}", file=sys.stderr)
    elif not quiet and sys.stderr.isatty():
        print(f"uzel: installation in {data_dir}", file=sys.stderr)


@contextlib.contextmanager
def with_database(settings: Settings, *, stays: bool = False) -> Iterator[tuple[Settings, bool]]:
    """Settings with a database, and whether it was started here, so that it has to be brought up
    to date. stays: for longer than a command takes.
    """
    if settings.database_url is not None:
        yield settings, False
        return
    with contextlib.ExitStack() as stack:
        turn = stack.enter_context(contextlib.ExitStack())
        turn.enter_context(in_turn(settings.data_dir))
        server = stack.enter_context(opened(settings.data_dir))
        if stays or not server.owned:
            turn.close()
        yield dataclasses.replace(settings, database_url=server.dsn), server.owned


@contextlib.contextmanager
def in_turn(data_dir: Path) -> Iterator[None]:
    """Who starts the database for a moment stops it again, under whoever joined it meanwhile; so
    commands that find none running go one after the other.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open_private(data_dir / LOCK)
    except OSError:  # nor can the database be started, which says so in better words
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


async def _run(settings: Settings, work: Callable[[Parts], Awaitable[Result]]) -> Result:
    try:
        async with open_parts(settings, "command", pool_size=3) as parts:
            return await work(parts)
    except TROUBLES as error:
        raise told(error) from error


def told(error: BaseException) -> ConfigError:
    """One of TROUBLES in a line."""
    if isinstance(error, asyncpg.UndefinedTableError):
        return ConfigError("the database is empty or too old: run `uzel migrate`")
    said = redact_text(str(error)) or type(error).__name__
    return ConfigError(f"{said}; `uzel doctor` says what is wrong")
