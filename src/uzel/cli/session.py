"""The database for commands: the one that runs, or one started for the time of the command."""

import asyncio
import dataclasses
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from uzel.app import Parts, open_parts
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.embedded import opened
from uzel.kit.logs import redact_text
from uzel.kit.settings import Settings, read_settings
from uzel.setup import migrate_and_set_up

Result = TypeVar("Result")


def with_parts(work: Callable[[Parts], Awaitable[Result]]) -> Result:
    """Run `work` with everything connected."""
    settings = read_settings()
    if settings.database_url is not None:
        return asyncio.run(_run(settings, work))
    # Another folder is another installation: whoever meant one of them should see which it was.
    there = "installation" if (settings.data_dir / "postgres").exists() else "NEW installation"
    print(f"uzel: {there} in {settings.data_dir}", file=sys.stderr)
    with opened(settings.data_dir) as server:
        settings = dataclasses.replace(settings, database_url=server.dsn)
        if server.owned:
            migrate_and_set_up(settings)
        return asyncio.run(_run(settings, work))


async def _run(settings: Settings, work: Callable[[Parts], Awaitable[Result]]) -> Result:
    try:
        async with open_parts(settings, "command", pool_size=2) as parts:
            return await work(parts)
    except database.LOST as error:
        said = redact_text(str(error)) or type(error).__name__
        raise ConfigError(f"{said}; `uzel doctor` says what is wrong") from error
