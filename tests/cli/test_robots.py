"""`uzel robot` as it is typed."""

import io
import json
from collections.abc import Callable

import pytest

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def uzel(installation: Callable[[str], None], dsn: str, command: Command) -> Command:
    installation(dsn)
    return command


def test_robots_come_and_go(uzel: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    added = json.loads(uzel("robot", "add", "Zeno", "--json")[1])
    assert added["token"].startswith("uzr_")
    assert "already" in uzel("robot", "add", "zeno")[2]
    assert "needs a name" in uzel("robot", "add", " ")[2]
    (listed,) = json.loads(uzel("robot", "list", "--json")[1])
    assert (listed["name"], listed["works"], listed["is_test"]) == ("Zeno", True, False)
    assert added["token"] not in uzel("robot", "list")[1]
    assert uzel("robot", "revoke", str(added["id"]))[1] == "Zeno is let in no longer\n"
    assert "there is no robot" in uzel("robot", "revoke", str(added["id"]))[2]
    # The name is free again, and one that the robot has already is taken over.
    monkeypatch.setattr("sys.stdin", io.StringIO("0123456789abcdef0123456789abcdef\n"))
    again = json.loads(uzel("robot", "add", "Zeno", "--import", "--json")[1])
    assert again["token"] is None
    assert [it["works"] for it in json.loads(uzel("robot", "list", "--json")[1])] == [False, True]
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "at least 16" in uzel("robot", "add", "other", "--import")[2]
