"""What the tests stand on: a real PostgreSQL, a database each, and the sandbox samples."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from uzel import migrations
from uzel.kit import addresses
from uzel.kit.embedded import EmbeddedPostgres

# The sandbox is on this machine: open to this process and to those that tests start.
addresses.permit("127.0.0.1")
os.environ["UZEL_ALLOW_PRIVATE_ADDRESSES"] = "127.0.0.1"

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / ".." / "shared" / "samples"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long versions too")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--long"):
        settings.register_profile("brief", max_examples=40)
        settings.load_profile("brief")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="a long version: make test-long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def long_run(request: pytest.FixtureRequest) -> bool:
    """Whether tests may take their time."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def server_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL for the whole run: UZEL_TEST_DATABASE_URL, or an embedded one of its own."""
    if url := os.environ.get("UZEL_TEST_DATABASE_URL"):
        yield url
        return
    with EmbeddedPostgres(tmp_path_factory.mktemp("server")) as server:
        yield server.dsn


@pytest.fixture(scope="session")
def template_database(server_dsn: str) -> str:
    """A migrated database to copy."""
    name = "uzel_test_template"
    asyncio.run(_execute(server_dsn, f"drop database if exists {name}", f"create database {name}"))
    migrations.upgrade_now(in_database(server_dsn, name))
    return name


_numbers = itertools.count()


@pytest.fixture
def new_database(server_dsn: str, template_database: str) -> Iterator[Callable[[], str]]:
    """Makes fresh, migrated databases; gives their addresses."""
    made: list[str] = []

    def make() -> str:
        name = f"uzel_test_{os.getpid()}_{next(_numbers)}"
        made.append(name)
        asyncio.run(_execute(server_dsn, f"create database {name} template {template_database}"))
        return in_database(server_dsn, name)

    yield make
    for name in made:
        asyncio.run(_execute(server_dsn, f"drop database if exists {name} with (force)"))


@pytest.fixture
def dsn(new_database: Callable[[], str]) -> str:
    """One fresh, migrated database."""
    return new_database()


@pytest.fixture(scope="session")
def copying(
    server_dsn: str, template_database: str
) -> Callable[[], contextlib.AbstractContextManager[str]]:
    """Makes one migrated database for as long as its caller wants it."""
    return lambda: copied(server_dsn, template_database)


@pytest.fixture(scope="module")
def shared_dsn(server_dsn: str, template_database: str) -> Iterator[str]:
    """One migrated database for all tests of a file."""
    with copied(server_dsn, template_database) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def sample_template(server_dsn: str, template_database: str) -> str:
    """A database with sample data in it (see `sample_data.fill`), to copy."""
    from sample_data import fill
    from uzel.sandbox.server import running

    name = "uzel_test_sample"
    asyncio.run(
        _execute(
            server_dsn,
            f"drop database if exists {name}",
            f"create database {name} template {template_database}",
        )
    )
    with running() as sandbox_url:
        asyncio.run(fill(in_database(server_dsn, name), sandbox_url))
    return name


@pytest.fixture
def sample_dsn(server_dsn: str, sample_template: str) -> Iterator[str]:
    """One fresh database with sample data."""
    with copied(server_dsn, sample_template) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def shared_sample_dsn(server_dsn: str, sample_template: str) -> Iterator[str]:
    """A database with sample data for all tests of a file that leave it as it is."""
    with copied(server_dsn, sample_template) as dsn:
        yield dsn


@contextlib.contextmanager
def copied(server_dsn: str, template: str) -> Iterator[str]:
    """A copy of a database, for as long as the block lasts."""
    name = f"uzel_test_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_execute(server_dsn, f"create database {name} template {template}"))
    yield in_database(server_dsn, name)
    asyncio.run(_execute(server_dsn, f"drop database if exists {name} with (force)"))


def in_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    address, _, options = dsn.partition("?")
    scheme, rest = address.split("://", 1)
    host = rest.partition("/")[0]
    return f"{scheme}://{host}/{name}" + (f"?{options}" if options else "")


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def samples() -> Path:
    """Payloads that providers really sent; they lie beside the repository, or not at all."""
    if not SAMPLES.is_dir():
        pytest.skip("the collected samples are not on this machine")
    return SAMPLES
