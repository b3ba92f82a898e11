"""Commands on a database of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parts import sandbox, sandbox_server
from sample_data import MASTER_KEY
from uzel.cli import main

__all__ = ["sandbox", "sandbox_server"]

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
