import json
from typing import Any

import pytest

from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.request import payment_body
from uzel.errors import Rejected

CONFIG = KonsolConfig.model_validate({"token": "token"})
PAYEE = {"first_name": "Иван", "last_name": "Образцов"}
TO_CARD: dict[str, Any] = {
    "reference": "po-1001",
    "amount_minor": 10000,
    "kind": "card",
    "contractor": PAYEE,
    "card_number": "2200000000000004",
}
TO_PHONE = {
    **TO_CARD,
    "kind": "fps",
    "phone": "+79990000001",
    "bank_member_id": "100000000111",
}
TO_ACCOUNT = {
    **TO_CARD,
    "kind": "bank_account",
    "bank_id": "044525225",
    "bank_account_id": "40817810000000000001",
    "owner_name": "Образцов Иван",
}


def test_a_card_gets_exactly_its_number() -> None:
    assert payment_body(CONFIG, TO_CARD) == {
        "contractor": {**PAYEE, "patronymic": None},
        "services_list": [{"title": "Выплата po-1001", "amount": "100.00"}],
        "bank_details_kind": "card",
        "bank_details": {"card_number": "2200000000000004"},
        "purpose": "Выплата po-1001",
        "amount": "100.00",
    }


def test_the_other_kinds_get_exactly_their_fields() -> None:
    assert payment_body(CONFIG, TO_PHONE)["bank_details"] == {
        "fps_mobile_phone": "+79990000001",
        "fps_bank_member_id": "100000000111",
    }
    assert payment_body(CONFIG, TO_ACCOUNT)["bank_details"] == {
        "bank_id": "044525225",
        "bank_account_id": "40817810000000000001",
        "bank_account_owner_name": "Образцов Иван",
    }


def test_a_known_contractor_is_named_by_id_alone() -> None:
    identifier = "7c1e52d0-0000-4000-8000-000000000051"
    body = payment_body(CONFIG, {**TO_CARD, "contractor": None, "contractor_id": identifier})
    assert body["contractor_id"] == identifier
    assert "contractor" not in body


@pytest.mark.parametrize(("kopecks", "wire"), [(1, "0.01"), (100_050, "1000.50"), (7, "0.07")])
def test_an_amount_is_text_with_two_decimals(kopecks: int, wire: str) -> None:
    body = payment_body(CONFIG, {**TO_CARD, "amount_minor": kopecks})
    assert (body["amount"], body["services_list"][0]["amount"]) == (wire, wire)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("reference", {"reference": "x"}),
        ("reference", {"reference": "po 1001"}),
        ("reference", {"reference": "po-" + "1" * 40}),
        ("reference", {"reference": None}),
        ("amount_minor", {"amount_minor": 0}),
        ("amount_minor", {"amount_minor": -100}),
        ("amount_minor", {"amount_minor": True}),
        ("amount_minor", {"amount_minor": 100.0}),
        ("amount_minor", {"amount_minor": 2**63}),
        ("kind", {"kind": "cash"}),
        ("kind", {"kind": ["card"]}),
        ("contractor_id", {"contractor_id": "7c1e52d0-0000-4000-8000-000000000051"}),
        ("contractor_id", {"contractor": None}),
        ("contractor_id", {"contractor": None, "contractor_id": "../payments"}),
        ("contractor", {"contractor": "Иван"}),
        ("last_name", {"contractor": {"first_name": "Иван"}}),
        ("card_number", {"card_number": "2200 0000 0000 0004"}),
        ("card_number", {"card_number": "vault:2200000000000004"}),
        ("card_number", {"card_number": 2200000000000004}),
        ("phone", {**TO_PHONE, "phone": "89990000001"}),
        ("phone", {**TO_PHONE, "phone": "+74950000001"}),
        ("bank_member_id", {**TO_PHONE, "bank_member_id": None}),
        ("bank_member_id", {**TO_PHONE, "bank_member_id": "Сбербанк"}),
        ("bank_id", {**TO_ACCOUNT, "bank_id": "44525225"}),
        ("bank_account_id", {**TO_ACCOUNT, "bank_account_id": "1"}),
        ("owner_name", {**TO_ACCOUNT, "owner_name": " "}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name_and_without_its_value(
    code: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(Rejected) as caught:
        payment_body(CONFIG, {**TO_CARD, **changes})
    assert caught.value.code == code
    assert "2200" not in str(caught.value)


def test_the_requests_are_those_that_other_clients_send(samples: Any) -> None:
    for name, arguments in (("card", TO_CARD), ("fps", TO_PHONE), ("bank_account", TO_ACCOUNT)):
        seen = json.loads((samples / "konsol" / f"real_create_payment_{name}.json").read_text())
        known = {**arguments, "contractor": None, "contractor_id": "7c1e52d0-0000-4000"}
        ours = payment_body(CONFIG, known)
        assert ours.keys() == seen.keys()
        assert ours["bank_details"].keys() == seen["bank_details"].keys()
        assert ours["services_list"][0].keys() == seen["services_list"][0].keys()
        assert ours["amount"] == seen["amount"]
    inline = "real_create_payment_fps_inline_contractor.json"
    seen = json.loads((samples / "konsol" / inline).read_text())
    assert payment_body(CONFIG, TO_PHONE).keys() == seen.keys()
    assert payment_body(CONFIG, TO_PHONE)["contractor"].keys() == seen["contractor"].keys()
