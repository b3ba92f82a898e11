"""`uzel payout`, as it is typed, against the sandbox with a worker of its own."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from parts import Sandbox

Command = Callable[..., tuple[int, str, str]]
ANNA = ("--name", "Иванова Анна Петровна", "--phone", "+7 999 000-00-01", "--bank", "Сбер")
SEND = ("payout", "send", "1000.00", *ANNA, "--purpose", "Выплата по заявке 17", "--json")
CARD = "2200 7702 1272 7079"
WAIT_S = 60.0


def told(run: tuple[int, str, str]) -> Any:
    status, out, err = run
    assert status == 0, err
    return json.loads(out)


@pytest.fixture
def paying(uzel: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A command with a connection to pay through."""
    settings = ["--set", f"base_url={sandbox.url}/konsol", "--set", f"token=cli-{os.getpid()}"]
    status, _, err = uzel("connection", "add", "konsol", *settings)
    assert status == 0, err
    return uzel


@contextmanager
def worker() -> Iterator[None]:
    """A real one, on the database of the commands."""
    process = subprocess.Popen(
        [sys.executable, "-m", "uzel", "run-role", "worker"], env=os.environ.copy()
    )
    try:
        yield
    finally:
        process.kill()
        process.wait(30)


def state_of(uzel: Command, payout: str, wanted: str) -> Any:
    """Wait until it is there."""
    deadline = time.monotonic() + WAIT_S
    while (row := told(uzel("payout", "show", payout, "--json")))["state"] != wanted:
        assert time.monotonic() < deadline, row
        time.sleep(1)
    return row


def test_limits(paying: Command) -> None:
    shown = told(paying("payout", "limits", "--json"))
    assert set(shown.values()) == {None}
    sums = ("--payout", "1500", "--day", "5500.50", "--operator-day", "9000")
    changed = told(paying("payout", "limits", *sums, "--person-count", "2", "--json"))
    assert changed == {
        "payout": "1500.00", "person_day": None, "day": "5500.50", "person_count": 2,
        "operator_day": "9000.00",
    }  # fmt: skip
    told(paying("payout", "limits", "--operator-day", "none", "--json"))
    assert told(paying("payout", "limits", "--json"))["operator_day"] is None
    for wrong in (("--day", "much"), ("--person-count", "1.5"), ("--payout", "-1")):
        assert paying("payout", "limits", *wrong)[0] != 0
    numbered = [("--external-id", f"claim_{number}") for number in range(3)]
    assert "limit_payout" in paying("payout", "send", "1600", *SEND[3:], *numbered[0])[2]
    told(paying(*SEND, *numbered[0]))
    told(paying(*SEND, *numbered[1]))
    assert "limit_person_count" in paying(*SEND, *numbered[2])[2]


def test_without_a_number_of_ones_own_nobody_is_paid(paying: Command) -> None:
    status, _, err = paying(*SEND)
    assert (status, "--external-id" in err, "pay twice" in err) == (1, True, True)
    told(paying(*SEND, "--dry-run"))
    assert told(paying("payout", "list", "--json")) == []


def test_without_a_connection_the_command_is_named_that_helps(uzel: Command) -> None:
    assert "uzel connection add konsol --set token=-" in uzel(*SEND, "--dry-run")[2]


def test_the_list_and_the_status_are_for_people(paying: Command) -> None:
    assert paying("payout", "status")[1] == "payouts may leave\n"
    made = told(paying(*SEND, "--external-id", "claim_17"))
    head, row = (line.split("\t") for line in paying("payout", "list")[1].splitlines())
    shown = dict(zip(head, row, strict=True))
    assert shown["payout"] == made["payout"]
    assert (shown["name"], shown["purpose"]) == (ANNA[1], "Выплата по заявке 17")
    assert (shown["provider_id"], shown["error"]) == ("-", "-")
    assert "repeated\tyes" in paying(*SEND[:-1], "--external-id", "claim_17")[1]
    told(paying("payout", "stop", "cards in a letter", "--json"))
    status = paying("payout", "status")[1]
    assert "do not leave" in status and "cards in a letter" in status and "payout go" in status


def test_what_is_typed_wrongly_pays_nobody(paying: Command) -> None:
    dry = told(paying(*SEND, "--dry-run"))
    assert (dry["amount"], dry["to"], dry["bank"]) == ("1000.00", "+79990000001", "Сбербанк")
    for words, said in (
        (("ten", *SEND[3:]), "amount: amount_unreadable: roubles, such as"),
        (("0.5", *SEND[3:]), "less than 1.00 roubles"),
        (("1", "--name", "Анна", *SEND[5:]), "name: missing: last and first name are needed"),
        (
            (*SEND[2:7], "--bank", "мой банк", *SEND[9:]),
            "bank_unknown: no bank is called so; see: uz",
        ),
    ):
        status, _, err = paying("payout", "send", *words, "--external-id", "claim_1")
        assert status != 0 and said in err
    assert paying("payout", "list")[1].strip() == "no payouts"
    assert paying("payout", "show", "po_0")[0] != 0


def test_a_payout_from_beginning_to_end(
    paying: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = told(paying("payout", "stop", "cards in a letter", "--json"))
    assert stopped == {"stopped": True, "changed": True}
    first = told(paying(*SEND, "--external-id", "claim_17"))
    again = told(paying(*SEND, "--external-id", "claim_17"))
    assert (first["payout"], again["repeated"]) == (again["payout"], True)
    assert (
        "external_id_reused"
        in paying("payout", "send", "999", *SEND[3:], "--external-id", "claim_17")[2]
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CARD}\n"))
    by_card = ("--name", "Петров Иван", "--card", "--purpose", "Выплата", "--json")
    card = told(paying("payout", "send", "500", *by_card, "--external-id", "claim_19"))
    assert card["to"] == "220077••••••7079"
    other = told(paying(*SEND, "--external-id", "claim_18"))
    taken_back = told(paying("payout", "cancel", "claim_18", "a mistake", "--json"))
    assert (taken_back["payout"], taken_back["state"]) == (other["payout"], "cancelled")
    why = told(paying("payout", "status", "--json"))
    assert (why["may_leave"], why["stopped"]["reason"]) == (False, "cards in a letter")
    with worker():
        listed = told(paying("payout", "list", "--state", "waiting", "--json"))
        assert {row["payout"] for row in listed} == {first["payout"], card["payout"]}
        assert told(paying("payout", "go", "--json")) == {"stopped": False, "changed": True}
        assert told(paying("payout", "go", "--json"))["changed"] is False
        paid = state_of(paying, "claim_17", "paid")
        state_of(paying, card["payout"], "paid")
    assert [step["state"] for step in paid["steps"]] == ["waiting", "processing", "paid"]
    assert paid["provider_id"] and paid["mark"].startswith("UZ")
    params = {"token": f"cli-{os.getpid()}"}
    made = sandbox.http.get("/konsol/_payments", params=params).json()["payments"]
    assert sorted(it["amount_minor"] for it in made) == [50_000, 100_000]
    assert "only what waits" in paying("payout", "cancel", "claim_17", "too late")[2]
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CARD}\n"))
    assert "needs no card" in paying("payout", "card", card["payout"])[2]
    assert told(paying("payout", "status", "--json"))["may_leave"] is True
    everything = "".join(paying("payout", "show", it["payout"])[1] for it in (card, first))
    assert CARD.replace(" ", "") not in everything
