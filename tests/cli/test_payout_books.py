"""`uzel payout banks|balance|reconcile|differences|settle|statement` as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from parts import Sandbox

Command = Callable[..., tuple[int, str, str]]


def said(uzel: Command, *words: str) -> Any:
    return json.loads(uzel("payout", *words, "--json")[1])


@pytest.fixture
def token(uzel: Command, sandbox: Sandbox) -> str:
    """Of a company whose connection there is."""
    name = f"konsol-{uuid4()}"
    where = f"base_url={sandbox.url}/konsol"
    status, out, err = uzel("connection", "add", "konsol", "--set", f"token={name}", "--set", where)
    assert status == 0, out + err
    return name


def test_books_are_compared_by_hand(
    uzel: Command, token: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert "best known" in uzel("payout", "banks")[1]
    assert said(uzel, "banks", "--fetch")["taken"]["added"] == 5
    assert said(uzel, "banks", "тинькофф")["banks"] == [{"id": "100000000004", "name": "Т-Банк"}]
    status, out, _ = uzel("payout", "banks", "озон")
    assert (status, out) == (1, "no bank is called so\n")
    assert "not been asked" in uzel("payout", "balance")[1]
    found = said(uzel, "balance", "--fetch")
    assert (found["balance"], found["held"], found["is_short"]) == ("10000000.00", "0.00", False)
    assert "no end in sight" in uzel("payout", "balance")[1]
    person = ("--name", "Иванова Анна", "--phone", "+79990000001", "--purpose", "Выплата")
    refused = uzel("payout", "send", "100", *person, "--bank", "озон", "--dry-run")
    assert (refused[0], "bank_unknown" in refused[2]) == (1, True)
    status, out, err = uzel("payout", "reconcile")
    assert (status, "new: 0" in out) == (0, True), out + err
    # Somebody else pays from the same company.
    body = {"contractor": {"first_name": "Олег", "last_name": "Петров", "patronymic": None},
            "services_list": [{"title": "x", "amount": "50.00"}], "bank_details_kind": "card",
            "bank_details": {"card_number": "2200000000000004"}, "purpose": "x",
            "amount": "50.00"}  # fmt: skip
    headers = {"authorization": f"Bearer {token}"}
    made = sandbox.http.post("/konsol/api/v1/payments", json=body, headers=headers)
    assert made.status_code == 201
    told = said(uzel, "reconcile")
    assert (told["seen"], told["too_young"], told["broken"]) == (0, 1, [])
    status, out, err = uzel("payout", "reconcile", "--lag", "0")
    assert (status, "missing_here" in out) == (3, True), out + err
    (difference,) = said(uzel, "differences", "--kind", "missing_here")
    assert difference["theirs"][0]["amount_minor"] == 50_00
    number = str(difference["id"])
    assert uzel("payout", "settle", number, " ")[0] == 1
    assert uzel("payout", "settle", number, "paid by hand")[0] == 0
    assert uzel("payout", "settle", number, "paid by hand")[0] == 1
    assert "paid by hand" in uzel("payout", "differences", "--settled")[1]
    assert uzel("payout", "reconcile", "--lag", "0")[0] == 0
    sandbox.arm_at("konsol", "payments", "500")
    status, out, _ = uzel("payout", "reconcile", "--day", "2026-11-01")
    assert (status, "void" in out) == (1, True)
    assert uzel("payout", "reconcile", "--day", "2099-01-01")[0] == 1


def test_statements_are_files(uzel: Command, token: str, tmp_path: Path) -> None:
    for kind, more in (("csv", ()), ("xlsx", ()), ("1c", ("--account", "4" * 20))):
        file = tmp_path / kind
        told = said(uzel, "statement", "--format", kind, "-o", str(file), *more)
        assert told["bytes"] == file.stat().st_size > 0
        assert (told["count"], told["closing_minor"]) == (0, 0)
    for wrong in (
        ("--format", "1c"),
        ("--format", "1c", "--account", "17"),
        ("--inn", "x"),
        ("--from", "2026-11-02", "--to", "2026-11-01"),
    ):
        assert uzel("payout", "statement", *wrong, "-o", str(tmp_path / "no"))[0] == 1
    assert not (tmp_path / "no").exists()
