"""Commands on a database of the test's own."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from parts import Sandbox, sandbox, sandbox_server, settings_of
from sample_data import MASTER_KEY
from uzel.cli import main
from uzel.connections import manage, store
from uzel.kit import addresses, database
from uzel.kit.secrets import KeyRing, decode_key
from vtiger_room import program

__all__ = ["program", "sandbox", "sandbox_server"]

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """installation(dsn): what commands find in their environment from now on."""

    def use(dsn: str) -> None:
        monkeypatch.setenv("UZEL_DATABASE_URL", dsn)
        monkeypatch.setenv("UZEL_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("UZEL_MASTER_KEY", MASTER_KEY)
        monkeypatch.delenv("UZEL_PUBLIC_URL", raising=False)

    return use


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """command(*words): (exit status, standard output, standard error)."""

    def run(*words: str) -> tuple[int, str, str]:
        status = main(words)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def uzel(dsn: str, installation: Callable[[str], None], command: Command) -> Command:
    """A command on an empty installation."""
    installation(dsn)
    return command


@pytest.fixture
def on_sample(sample_dsn: str, installation: Callable[[str], None], command: Command) -> Command:
    """A command on the sample."""
    installation(sample_dsn)
    return command


@pytest.fixture
def amocrm_token() -> str:
    """Of an account of its own at amoCRM in miniature."""
    return f"token-{uuid4()}"


@pytest.fixture
def at_amocrm(
    dsn: str,
    uzel: Command,
    sandbox: Sandbox,
    amocrm_token: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    """A command on an installation with the connection `amocrm/main`."""
    monkeypatch.setenv("UZEL_ALLOW_PRIVATE_ADDRESSES", "127.0.0.1")
    addresses.permit("127.0.0.1")
    values = {**settings_of("amocrm", sandbox.url), "access_token": amocrm_token}

    async def add() -> None:
        connection = await database.connect(dsn, name="test")
        try:
            ring = KeyRing([decode_key(MASTER_KEY)])
            business = await store.default_business(connection)
            await manage.add(connection, ring, "amocrm", "main", values, business_id=business)
        finally:
            await connection.close()

    asyncio.run(add())
    return uzel
