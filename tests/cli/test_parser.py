"""A command that is not there, and those that are not for people."""

import pytest

from uzel.cli import main


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The last line of what a wrong command line prints; it ends with 2."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_an_unknown_command_names_those_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    line = said(capsys, "frobnicate")
    assert "there is no command `uzel frobnicate`; there are: serve, demo" in line
    assert "run-role" not in line and "reference" not in line


def test_a_slip_of_the_finger_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "doctro").endswith("did you mean doctor?")
    assert said(capsys, "token", "revoek").endswith("did you mean revoke?")
    assert said(capsys, "connection", "x").endswith("there are: add, list, test, key, register")


def test_other_wrong_values_are_said_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'nobody'" in said(capsys, "serve", "--role", "nobody")
    assert "number of days" in said(capsys, "replay", "--days", "0")
