from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.konsol.shapes import (
    amount_minor,
    contractor_of,
    names,
    payment_of,
    reference_in,
    texts_of,
)

ID = "7c1e52d0-0000-4000-8000-000000000001"
SEEN: dict[str, Any] = {
    "id": ID,
    "contractor_id": "7c1e52d0-0000-4000-8000-000000000051",
    "amount": "100.00",
    "status": "executed",
    "purpose": "Выплата po-1001",
    "services_list": [{"title": "Выплата po-1001", "amount": "100.00"}],
    "bank_details_kind": "card",
    "bank_details": {"card_number": "2200000000000004"},
    "created_at": "2026-11-20T12:15:02+03:00",
    "paid_at": "2026-11-20T09:25:10Z",
    "error_message": "карта 2200000000000004",
}


@pytest.mark.parametrize(
    ("value", "kopecks"),
    [
        ("100.00", 10000),
        ("100,5", 10050),
        (" 7 ", 700),
        (100, 10000),
        (Decimal("1500.0"), 150000),
        ("-0.01", -1),
        ("0.001", None),
        ("1e5", None),
        ("сто", None),
        ("", None),
        (True, None),
        (None, None),
        (1.5, None),
        (Decimal("NaN"), None),
        ("9" * 15, 99999999999999900),
        ("9" * 16, None),
    ],
)
def test_amounts_are_exact_or_none(value: object, kopecks: int | None) -> None:
    assert amount_minor(value) == kopecks


def test_a_payment_says_nothing_of_who_is_paid() -> None:
    assert payment_of(SEEN) == {
        "id": ID,
        "status": "executed",
        "meaning": "succeeded",
        "contractor_id": "7c1e52d0-0000-4000-8000-000000000051",
        "kind": "card",
        "masked": "220000••••••0004",
        "bank": None,
        "amount_minor": 10000,
        "currency": None,
        "reference": "po-1001",
        "created_at": "2026-11-20T09:15:02+00:00",
        "paid_at": "2026-11-20T09:25:10+00:00",
        "error": "карта …",
    }


@pytest.mark.parametrize(
    ("said", "read"),
    [("RUB", "RUB"), ("RUR", "RUB"), ("KZT", "KZT"), ("rub", None), (643, None), (None, None)],
)
def test_a_currency_is_a_code_of_three_letters(said: object, read: str | None) -> None:
    assert payment_of({**SEEN, "currency": said})["currency"] == read


@pytest.mark.parametrize(
    ("said", "read"), [("100000000111", "100000000111"), ("сбер", None), (1, None), (None, None)]
)
def test_the_bank_of_a_phone_is_its_number(said: object, read: str | None) -> None:
    details = {"fps_mobile_phone": "+79990000001", "fps_bank_member_id": said}
    assert payment_of({**SEEN, "bank_details": details})["bank"] == read


@given(st.dictionaries(st.sampled_from([*SEEN, "kind"]), st.none() | st.text() | st.integers()))
def test_whatever_stands_in_it_a_payment_is_read(damage: dict[str, Any]) -> None:
    shown = payment_of({**SEEN, **damage})
    assert shown.keys() == payment_of(SEEN).keys()
    assert "2200000000000004" not in str({**shown, "reference": None})


@pytest.mark.parametrize(
    ("text", "bears"),
    [
        ("Выплата po-1001", True),
        ("po-1001", True),
        ("(po-1001), спасибо", True),
        ("Выплата po-10011", False),
        ("Выплата xpo-1001", False),
        ("Выплата po-1001-2", False),
        ("Выплата PO-1001", False),
    ],
)
def test_a_reference_is_a_whole_word(text: str, bears: bool) -> None:
    for content in ({"purpose": text}, {"services_list": [{"title": text}]}):
        assert names(content, "po-1001") is bears
    assert names({"services_list": text}, "po-1001") is bears


def test_the_reference_of_a_payment_is_no_number_of_a_phone() -> None:
    assert reference_in({"purpose": "Выплата 79990000001"}) is None
    assert reference_in({"purpose": "Зарплата за март"}) is None
    assert reference_in({"services_list": [{"title": "Услуга 7c1e52d0-01"}]}) == "7c1e52d0-01"


def test_a_payment_without_texts_is_told_from_one_without_ours() -> None:
    assert texts_of({"id": ID}) is None
    assert texts_of({"purpose": " ", "services_list": []}) is None
    assert texts_of({"purpose": "Зарплата"}) == ["Зарплата"]


def test_a_contractor_is_shown_without_a_name() -> None:
    content = {"id": ID, "kind": "individual", "first_name": "Иван", "phone": "+79990000001"}
    shown = contractor_of(content)
    assert shown == {"id": ID, "kind": "individual", "status": None, "phone": "+7999•••0001"}
