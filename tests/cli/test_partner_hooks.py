"""`uzel partner hook` and the addresses of `uzel partner set`, as they are typed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from parts import Sandbox

Command = Callable[..., tuple[int, str, str]]
WORD = "whsec_"


def told(run: tuple[int, str, str]) -> Any:
    """What a command with --json says."""
    status, out, err = run
    assert status == 0, err
    return json.loads(out)


@pytest.fixture
def hooked(uzel: Command, sandbox: Sandbox) -> dict[str, str]:
    """A partner with an address; book → secret."""
    sandbox.http.delete("/partner_hook/_receivers").raise_for_status()
    uzel("partner", "add", "Ромашка")
    url = f"{sandbox.url}/partner_hook/shop"
    done = told(uzel("partner", "set", "Ромашка", "--hook-url", url, "--json"))
    assert done["settings"]["hook_url"] == done["settings"]["hook_test_url"] == url
    secrets: dict[str, str] = done["hook_secrets"]
    assert set(secrets) == {"live", "test"}
    return secrets


def behave(sandbox: Sandbox, secret: str, **settings: Any) -> None:
    asked = {"name": "shop", "secrets": [secret], **settings}
    sandbox.http.post("/partner_hook/_receivers", json=asked).raise_for_status()


def test_a_hook_from_beginning_to_end(
    uzel: Command, sandbox: Sandbox, hooked: dict[str, str]
) -> None:
    hook = ("partner", "hook", "Ромашка")
    behave(sandbox, hooked["live"])
    sent = told(uzel(*hook, "--test", "--json"))
    assert (sent["state"], sent["http_status"], sent["attempts"]) == ("delivered", 204, 1)
    rotated = told(uzel(*hook, "--rotate", "--json"))
    behave(sandbox, rotated["secret"], status=500, says="oh no")
    status, out, _ = uzel(*hook, "--test")
    assert (status, "HTTP 500: oh no" in out, "\tagain 2" in out) == (1, True, True)
    newest, first = told(uzel(*hook, "--log", "--json"))
    assert (newest["state"], first["id"]) == ("pending", sent["id"])
    assert "still to be delivered" in uzel(*hook, "--resend", newest["id"])[2]
    again = told(uzel(*hook, "--resend", first["id"], "--json"))
    assert again["id"] != first["id"]
    log = uzel(*hook, "--log")[1]
    assert len(log.splitlines()) == 3
    shown = uzel(*hook)[1]
    assert f"url\t{sandbox.url}/partner_hook/shop" in shown
    assert "state\tactive" in shown
    for printed in (
        log,
        shown,
        uzel("partner", "list", "--json")[1],
        uzel("connection", "list")[1],
    ):
        assert WORD not in printed


def test_each_book_has_its_own_secret_and_may_have_its_own_address(
    uzel: Command, sandbox: Sandbox, hooked: dict[str, str]
) -> None:
    behave(sandbox, hooked["test"])
    hook = ("partner", "hook", "Ромашка", "--book", "test")
    assert told(uzel(*hook, "--test", "--json"))["state"] == "delivered"
    assert "\t401\t" in uzel("partner", "hook", "Ромашка", "--test")[1]
    other = f"{sandbox.url}/partner_hook/other"
    done = told(uzel("partner", "set", "Ромашка", "--hook-test-url", other, "--json"))
    assert done["hook_secrets"] == {}
    assert told(uzel(*hook, "--json"))["url"] == other
    off = uzel("partner", "set", "Ромашка", "--hook-url", "")
    assert off[0] == 0
    assert told(uzel(*hook, "--json"))["state"] == "off"
    assert "no address, or it is off" in uzel(*hook, "--test")[2]


def test_a_secret_is_printed_once(uzel: Command, sandbox: Sandbox) -> None:
    uzel("partner", "add", "Ромашка")
    url = f"{sandbox.url}/partner_hook/shop"
    first = uzel("partner", "set", "Ромашка", "--hook-url", url)[1]
    assert first.count(f"(shown this once): {WORD}") == 2
    assert WORD not in uzel("partner", "set", "Ромашка", "--hook-url", url + "/2")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "Ромашка", "--hook-url", "http://10.0.0.1/"), "private address"),
        (("set", "Ромашка", "--hook-url", "https://10.0.0.1/"), "private address"),
        (("set", "Ромашка", "--hook-url", "nowhere"), "an address is like"),
        (("hook", "Ромашка"), "has no address"),
        (("hook", "Ромашка", "--rotate"), "no address yet"),
        (("hook", "Ромашка", "--test"), "no address"),
        (("hook", "Ромашка", "--resend", "dlv_1"), "no delivery dlv_1"),
        (("hook", "Никто"), "there is no partner"),
    ],
)
def test_what_is_wrong_is_said(uzel: Command, words: tuple[str, ...], said: str) -> None:
    uzel("partner", "add", "Ромашка")
    status, _, err = uzel("partner", *words)
    assert (status, said in err) == (1, True), err
