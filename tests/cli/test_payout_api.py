"""`uzel payout api` and tokens for payouts, as they are typed."""

import json
import re
from collections.abc import Callable

Command = Callable[..., tuple[int, str, str]]


def test_what_programs_keep_to_is_shown_and_changed(uzel: Command) -> None:
    assert "payouts are off" in uzel("payout", "api")[2]
    added = uzel("connection", "add", "konsol", "--name", "main", "--set", "token=abc")
    assert added[0] == 0, added
    before = json.loads(uzel("payout", "api", "--json")[1])
    assert (before["nameless"], before["signs"], before["servers"]) == ("refuse", False, [])
    assert before["address"].endswith("/konsol")
    after = json.loads(uzel("payout", "api", "--nameless", "number", "--new-secret", "--json")[1])
    assert (after["nameless"], after["signs"], after["old_until"]) == ("number", True, None)
    assert re.fullmatch(r"whsec_\S{44}", after["secret"])
    again = json.loads(uzel("payout", "api", "--new-secret", "--json")[1])
    assert again["secret"] != after["secret"] and again["old_until"]
    assert "whsec_" not in uzel("payout", "api")[1]
    made = uzel("token", "add", "shop", "--scope", "payouts:write", "--through", "main")
    assert made[0] == 0 and "uzel_" in made[1]
    assert "no such connection" in uzel("token", "add", "x", "--through", "nobody")[2]
