"""`uzel rates` as it is typed, against both banks in miniature."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from parts import Sandbox
from uzel.cli import main

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """person(name): who types from now on."""

    def use(name: str) -> None:
        monkeypatch.setenv("LOGNAME", name)

    use("anna")
    return use


def said(uzel: Command, *words: str) -> Any:
    return json.loads(uzel("rates", *words, "--json")[1])


def test_a_rate_is_entered_moved_and_approved_by_somebody_else(
    uzel: Command, person: Callable[[str], None]
) -> None:
    assert "There is no rate" in uzel("rates", "list")[1]
    status, out, _ = uzel("rates", "set", "usd/rub", "92,413")
    assert (status, "1 USD = 92.413 RUB" in out) == (0, True)
    status, out, _ = uzel("rates", "set", "USD/RUB", "120")
    assert (status, "29.85 %" in out, "waits for somebody" in out) == (3, True, True)
    listed = said(uzel, "list")
    (waits,) = listed["waiting"]
    assert (waits["pair"], waits["value"], waits["doubt"]) == ("USD/RUB", "120", "move")
    assert listed["pairs"][0]["rate"]["value"] == "92.413"
    assert f"uzel rates approve {waits['version']}" in uzel("rates", "list")[1]
    status, _, err = uzel("rates", "approve", str(waits["version"]))
    assert (status, "somebody else has to approve it" in err) == (1, True)
    person("boris")
    assert uzel("rates", "approve", str(waits["version"]))[0] == 0
    assert said(uzel, "list")["pairs"][0]["rate"]["value"] == "120"
    points = said(uzel, "history", "USD/RUB")["points"]
    assert [(it["rate"]["value"], it["approved_by"]) for it in points] == [
        ("92.413", None),
        ("120", "command:boris"),
    ]
    assert "approved by boris" in uzel("rates", "history", "USD/RUB")[1]


def test_a_rate_is_refused_or_ended(uzel: Command, person: Callable[[str], None]) -> None:
    uzel("rates", "set", "USD/RUB", "100")
    version = said(uzel, "set", "USD/RUB", "50")["version"]
    assert uzel("rates", "refuse", str(version), "--reason", "a slip")[0] == 0
    assert said(uzel, "list")["waiting"] == []
    status, _, err = uzel("rates", "refuse", str(version))
    assert (status, "is decided: refused" in err) == (1, True)
    assert said(uzel, "end", "USD/RUB")["state"] == "ended"
    assert "USD/RUB\tended" in uzel("rates", "list")[1]
    assert uzel("rates", "end", "USD/RUB")[0] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("set", "USD", "1"), "USD/RUB"),
        (("set", "USD/USD", "1"), "always 1"),
        (("set", "USD/ABC", "1"), "ABC is not a currency"),
        (("set", "USD/RUB", "zero"), "is not a rate"),
        (("set", "USD/RUB", "0"), "lies between"),
        (("approve", "77"), "there is no rate 77"),
        (("fetch",), "uzel connection add cbr"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(uzel: Command, words: tuple[str, ...], told: str) -> None:
    status, out, err = uzel("rates", *words)
    assert (status, out, told in err) == (1, "", True), err


def test_limits_are_shown_and_changed(uzel: Command) -> None:
    assert "at most 5 %" in uzel("rates", "limits")[1]
    changed = ("--move", "2.5", "--admin-days", "30", "--sources", "admin,nbk,cbr")
    assert said(uzel, "limits", *changed) == {
        "move_percent": "2.5",
        "jump_percent": "15",
        "bank_days": 4,
        "admin_days": 30,
        "sources": ["admin", "nbk", "cbr"],
    }
    assert said(uzel, "limits", "--admin-days", "never")["admin_days"] is None
    assert uzel("rates", "limits", "--sources", "ecb")[0] == 1
    for wrong in (("--move", "100"), ("--bank-days", "0"), ("--admin-days", "x")):
        with pytest.raises(SystemExit):
            main(["rates", "limits", *wrong])


def test_banks_are_asked(uzel: Command, sandbox: Sandbox) -> None:
    for name in ("cbr", "nbk"):
        sandbox.http.delete(f"/{name}/_rates").raise_for_status()
        address = f"base_url={sandbox.url}/{name}"
        assert uzel("connection", "add", name, "--set", address)[0] == 0
    assert "not asked yet" in uzel("rates", "list")[1]
    found = said(uzel, "fetch")
    assert [(it["state"], it["active"]) for it in found] == [("done", 9), ("done", 9)]
    out = uzel("rates", "fetch")[1]
    assert "Банк России: done" in out.replace(" · default", "")
    assert "0 new, 9 known" in out
    assert "left out: XDR" in out
    pairs = {it["pair"]: it for it in said(uzel, "list")["pairs"]}
    assert pairs["USD/KZT"]["rate"]["source"] == "nbk"
    sandbox.arm_at("cbr", "rates", "500")
    status, out, _ = uzel("rates", "fetch")
    assert (status, "HTTP 500" in out) == (1, True)
    assert "FAILED" in uzel("rates", "list")[1]
    assert uzel("connection", "test", "cbr/default")[0] == 0
    assert "курсов: 10" in uzel("connection", "test", "nbk/default")[1]
