"""What keeps a demo apart from installations: its own folder, its own database, its own address."""

import asyncio
import dataclasses
import os
from pathlib import Path

from uzel.connectors import connectors
from uzel.demo import store
from uzel.demo.business import NAME, PLACES
from uzel.demo.claims import SECOND
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.settings import Settings
from uzel.setup import check_server

# The file by which a folder is known as a demo's.
MARK = "demo.txt"
TOLD = "`uzel demo` keeps its data here. Remove the folder to begin anew.\n"
# So much of what is in somebody's database is named.
MOST_NAMED = 3


def keep_apart(settings: Settings) -> Settings:
    """Settings of the demo, set for the processes it starts as well. Accounts that the environment
    names stay out of it, and so does an installation's address: the demo writes to invented guests,
    who open links, and asks nobody but itself.
    """
    for connector in connectors().values():
        for variable in connector.environment:
            os.environ.pop(variable, None)
    os.environ.pop("UZEL_PUBLIC_URL", None)
    folder = own_folder(settings.data_dir)
    os.environ["UZEL_DATA_DIR"] = str(folder)
    return dataclasses.replace(settings, data_dir=folder, public_url=None)


def own_folder(data_dir: Path) -> Path:
    """`data_dir` if it is a demo's, else the folder `demo` in it, marked as one. Raises
    ConfigError.
    """
    folder = data_dir if (data_dir / MARK).exists() else data_dir / NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / MARK).write_text(TOLD, "utf-8")
    except OSError as error:
        raise ConfigError(f"nothing can be kept in {folder}: {error.strerror}") from error
    return folder


def check_database(dsn: str) -> None:
    """Refuse a database that holds what no demo made, before anything is changed in it. In one that
    a demo made, anything may have been added in the console. Raises ConfigError.
    """
    asyncio.run(_check_database(dsn))


async def _check_database(dsn: str) -> None:
    await check_server(dsn)
    connection = await database.connect(dsn, name=NAME)
    try:
        if await store.is_empty(connection) or await store.is_marked(connection):
            return
        found = await store.strangers(
            connection, NAME, [name for name, *_ in PLACES], (NAME, SECOND)
        )
    finally:
        await connection.close()
    if found:
        more = ", …" if len(found) > MOST_NAMED else ""
        raise ConfigError(
            "this database is not a demo's, so the demo leaves it alone: it holds "
            f"{', '.join(found[:MOST_NAMED])}{more}. Start the demo without UZEL_DATABASE_URL, or "
            "with an empty database."
        )
