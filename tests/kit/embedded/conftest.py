"""Real servers on real folders: a prepared one to copy, owners to kill, questions to ask."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from uzel.kit.embedded import EmbeddedPostgres

# Holds the folder given until it is killed.
OWNER = """
import sys, time
from pathlib import Path
from uzel.kit.embedded import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
print(postgres.start(), flush=True)
time.sleep(600)
"""


def _ask(dsn: str, sql: str) -> Any:
    async def answer() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(answer())


@pytest.fixture(scope="session")
def ask() -> Callable[[str, str], Any]:
    """Runs one statement at a dsn and gives the first value of the first row."""
    return _ask


@pytest.fixture(scope="session")
def kept() -> Callable[[str], bool]:
    """Whether the row of the template is there."""
    return lambda dsn: bool(_ask(dsn, "select phone from note") == "+79990000001")


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], object]], None]:
    """Waits for a condition, and fails if it never comes."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one row in the table `note`, server stopped."""
    data_dir = tmp_path_factory.mktemp("template") / "data"
    with EmbeddedPostgres(data_dir) as postgres:
        _ask(postgres.dsn, "create table note (phone text primary key)")
        _ask(postgres.dsn, "insert into note values ('+79990000001')")
    return data_dir


@pytest.fixture
def data_dir(template: Path, tmp_path: Path) -> Path:
    """A copy of the template, with a space in its path."""
    copy = tmp_path / "data dir"
    subprocess.run(["cp", "-a", str(template), str(copy)], check=True)
    return copy


@pytest.fixture
def postgres(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """The server of `data_dir`, not started yet."""
    server = EmbeddedPostgres(data_dir)
    yield server
    server.stop()


@pytest.fixture
def spawn_owner() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Starts a process that owns a folder; its first line is the dsn once the server is ready."""
    owners: list[subprocess.Popen[str]] = []

    def spawn(data_dir: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", OWNER, str(data_dir)]
        owners.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return owners[-1]

    yield spawn
    for owner in owners:
        with owner:
            owner.kill()
