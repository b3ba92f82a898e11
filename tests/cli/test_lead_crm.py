"""`uzel leads crm|retry` as it is typed, against amoCRM in miniature."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from paid_deals import FIELDS
from parts import Sandbox
from uzel.kit import database

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def crm(at_amocrm: Command, sandbox: Sandbox, amocrm_token: str) -> Command:
    """leads(*words): the command on an installation with an account that pays links."""
    headers = {"authorization": f"Bearer {amocrm_token}"}
    made = [{"name": name, **field} for name, field in FIELDS.items()]
    path = f"{sandbox.url}/amocrm/api/v4/leads/custom_fields"
    httpx2.post(path, json=made, headers=headers).raise_for_status()
    return lambda *words: at_amocrm("leads", *words)


def rows(dsn: str, query: str) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        connection = await database.connect(dsn, name="test")
        try:
            return [dict(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(run())


def test_what_is_proposed_is_shown_and_then_saved(crm: Command, dsn: str) -> None:
    given = ("crm", "amocrm/main", "--propose", "--final", "Воронка/Выдано")
    status, out, _ = crm(*given, "--dry-run", "--json")
    told = json.loads(out)
    assert (status, told["saved"], told["missing"]) == (0, False, [])
    shown = {it["field"]: it["value"] for it in told["example"]["fields"]}
    assert shown.pop("Дата списания").endswith("+00:00")
    assert shown == {
        "Сумма выдана": "19.17",
        "Валюта": "USD",
        "Почта": "someone@example.org",
        "Карта": "1234",
        "Статус оплаты ChatGPT": "Выполнено",
        "Счет списания": "Mastercard Prepaid",
        "Администратор": "Бот Zeno",
        "Оплаченный сервис": told["settings"]["static"][3][1],
        "Срок оплаты": "1",
    }
    assert told["example"]["stage"] == "Воронка/Выдано"
    assert rows(dsn, "select * from lead_crm") == []

    status, out, _ = crm(*given)
    assert (status, "saved" in out, "uzel connection register" in out) == (0, True, True)
    (row,) = rows(dsn, "select settings, known_at from lead_crm")
    assert row["settings"]["fields"]["amount"] == "Сумма выдана"
    assert row["known_at"] is not None
    (row,) = rows(dsn, "select settings from connection where connector = 'amocrm'")
    assert row["settings"]["payment_links"] is True


def test_settings_are_typed_one_by_one(crm: Command, dsn: str) -> None:
    crm("crm", "amocrm/main", "--map", "amount=Сумма выдана", "--static", "Администратор=Анна")
    crm("crm", "amocrm/main", "--link-host", "pay.example.com", "--date-field", "Дата списания")
    crm("crm", "amocrm/main", "--map", "card=Карта", "--static", "Администратор=")
    (row,) = rows(dsn, "select settings from lead_crm")
    assert row["settings"] == {
        "fields": {"amount": "Сумма выдана", "card": "Карта"},
        "static": [["Дата списания", "now"]],
        "link_hosts": ["pay.example.com"],
    }
    crm("crm", "amocrm/main", "--link-host", "none")
    (row,) = rows(dsn, "select settings from lead_crm")
    assert "link_hosts" not in row["settings"]


def test_who_only_looks_changes_nothing(crm: Command, dsn: str) -> None:
    status, out, _ = crm("crm", "amocrm/main")
    assert (status, "nothing was saved" in out) == (0, True)
    assert rows(dsn, "select * from lead_crm") == []
    (row,) = rows(dsn, "select settings from connection where connector = 'amocrm'")
    assert row["settings"]["payment_links"] is False


def test_what_the_account_does_not_have_is_said(crm: Command) -> None:
    _, out, _ = crm("crm", "amocrm/main", "--map", "email=Имейл", "--final", "Воронка/Нет такого")
    assert "NOT in the account: Имейл" in out
    assert "NOT in the account: Воронка/Нет такого" in out
    assert "left out: there is no field 'Имейл'" in out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--map", "sum=X"), "there are amount"),
        (("--map", "amount"), "NAME=VALUE"),
        (("--final", "Выдано"), "PIPELINE/STAGE"),
        (("--link-host", "https://pay.example.com"), "no host"),
    ],
)
def test_what_cannot_be_meant_is_refused(crm: Command, given: tuple[str, ...], said: str) -> None:
    status, _, problem = crm("crm", "amocrm/main", *given)
    assert status == 1
    assert said in problem


def test_a_report_that_is_none_is_not_repeated(crm: Command) -> None:
    status, _, problem = crm("retry", "zenorep_0")
    assert status == 1
    assert "there is no report" in problem
