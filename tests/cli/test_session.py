"""Which installation a command found is told to people, and to nobody else."""

import io
import sys
from pathlib import Path

import pytest

from uzel.session import announce


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("there", "stream", "said"),
    [
        (True, Terminal(), "uzel: installation in "),
        (True, io.StringIO(), ""),
        (False, Terminal(), "uzel: NEW installation in "),
        (False, io.StringIO(), "uzel: NEW installation in "),
    ],
)
def test_cron_is_not_told_what_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, stream: io.StringIO, said: str
) -> None:
    if there:
        (tmp_path / "postgres").mkdir()
    monkeypatch.setattr(sys, "stderr", stream)
    announce(tmp_path, quiet=False)
    assert stream.getvalue() == (f"{said}{tmp_path}\n" if said else "")
