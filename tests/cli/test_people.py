"""`uzel token` as it is typed."""

import re
from collections.abc import Callable

Command = Callable[..., tuple[int, str, str]]


def test_tokens_are_listed_without_being_shown_and_revoked(uzel: Command) -> None:
    added = uzel("token", "add", "reports", "--scope", "read", "--scope", "replay")[1]
    token = added.split()[-1]
    status, out, _ = uzel("token", "list")
    head, row = (line.split("\t") for line in out.splitlines())
    assert (status, head) == (0, ["id", "name", "scopes", "created", "last_used", "revoked"])
    assert row[:3] == ["1", "reports", "read,replay"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", row[3])
    assert row[4:] == ["-", "-"]
    assert token not in out
    assert uzel("token", "revoke", "1") == (0, "token 1 (reports) works no longer\n", "")
    assert uzel("token", "list")[1].splitlines()[1].split("\t")[5] != "-"


def test_a_token_that_is_not_there_or_revoked_already(uzel: Command) -> None:
    uzel("token", "add", "once")
    uzel("token", "revoke", "1")
    for number in ("1", "2"):
        status, out, err = uzel("token", "revoke", number)
        assert (status, out) == (1, "")
        assert f"there is no living token {number}; see: uzel token list" in err
