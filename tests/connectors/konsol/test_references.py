"""The banks and the company's money, in shapes that nobody confirmed."""

import json
from typing import Any

import pytest

from uzel.errors import ContractBroken, Rejected


@pytest.mark.parametrize("accounts", ["list", "object"])
def test_the_balance_goes_down_with_payments(client: Any, company: Any, accounts: str) -> None:
    company.settings(accounts=accounts)
    body = {"token": company.token, "balance_minor": 123_45}
    company.control.post("/konsol/_balance", json=body).raise_for_status()
    answer = client.run(company.config, "balance")
    assert answer.data == {"balance_minor": 123_45, "accounts": 1}
    assert answer.currency == "RUB"


@pytest.mark.parametrize(
    ("content", "kopecks"),
    [
        ([{"balance": "10.50"}], 1050),
        ([{"balance": 10.5}, {"balance": "1"}], 1150),
        ({"data": [{"available_balance": "10.50", "balance": "99.00"}]}, 1050),
        ({"balance": 10}, 1000),
        ({"data": {"balance": "10.50", "currency": "RUB"}}, 1050),
        ({"company_accounts": [{"amount": {"value": "10.50", "currency": "RUB"}}]}, 1050),
        ({"success": True, "account": {"balance": "-1.00"}}, -100),
    ],
)
def test_money_is_found_in_many_shapes(
    client: Any, provider: Any, content: Any, kopecks: int
) -> None:
    provider.says(content)
    assert client.run(provider.config(), "balance").data["balance_minor"] == kopecks
    assert provider.asked == [("GET", "/api/v1/company_accounts", None)]


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        [{}],
        [{"balance": "10.50"}, {"balance": None}],
        [{"balance": "10.505"}],
        [{"balance": "много"}],
        [{"balance": "10.50", "currency": "USD"}],
        {"data": None},
        ["x"],
    ],
)
def test_money_that_cannot_be_read_is_not_nothing(client: Any, provider: Any, content: Any) -> None:
    provider.says(content)
    with pytest.raises(ContractBroken):
        client.run(provider.config(), "balance")


def test_a_refusal_under_success_is_a_refusal(client: Any, provider: Any) -> None:
    provider.says({"success": False, "errors": ["not today"]})
    with pytest.raises(Rejected, match="not today"):
        client.run(provider.config(), "balance")


def test_the_banks_of_the_sandbox(client: Any, company: Any) -> None:
    banks = client.run(company.config, "fps_banks").data["banks"]
    assert {"id": "110000000005", "name": "ВТБ", "bic": "044525187"} in banks


@pytest.mark.parametrize("wrapped", [False, True])
def test_banks_are_read_where_they_have_a_name_and_a_number(
    client: Any, provider: Any, wrapped: bool
) -> None:
    found = [
        {"id": "100000000111", "name": "Сбербанк", "bic": "044525225"},
        {"member_id": "100000000004", "bank_name": "Т-Банк"},
        {"name": "Без номера"},
        "x",
    ]
    provider.says({"data": found} if wrapped else found)
    assert client.run(provider.config(), "fps_banks").data["banks"] == [
        {"id": "100000000111", "name": "Сбербанк", "bic": "044525225"},
        {"id": "100000000004", "name": "Т-Банк", "bic": None},
    ]


@pytest.mark.parametrize("content", [{}, {"data": "x"}, ["x"], [{"name": "Без номера"}]])
def test_what_names_no_bank_is_no_list_of_banks(client: Any, provider: Any, content: Any) -> None:
    provider.says(content)
    with pytest.raises(ContractBroken):
        client.run(provider.config(), "fps_banks")


def test_the_documented_bank_is_read(client: Any, provider: Any, samples: Any) -> None:
    seen = json.loads((samples / "konsol" / "real_fps_bank_members_example.json").read_text())
    provider.says(seen)
    assert client.run(provider.config(), "fps_banks").data["banks"] == seen
