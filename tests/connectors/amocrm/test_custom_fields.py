"""Phones in custom fields, in every spelling there is."""

from typing import Any

import pytest

from uzel.connectors.amocrm.custom_fields import email_in, phone_in


def with_values(*values: Any, **names: Any) -> dict[str, Any]:
    return {"custom_fields_values": [{**(names or {"field_code": "PHONE"}), "values": [*values]}]}


A, B = "+79990000001", "+79990000002"


@pytest.mark.parametrize(
    ("contact", "phone"),
    [
        ({}, None),
        (None, None),
        ("x", None),
        ({"phone": A}, A),
        ({"phone": 79990000001}, 79990000001),
        ({"phone": {"value": A}}, A),
        ({"phone": [{"value": None}, {"value": A}]}, A),
        ({"phone": ""}, None),
        ({"phone": []}, None),
        (with_values({"value": A}), A),
        (with_values(A), A),
        (with_values({"value": A, "enum_code": "WORK"}, {"value": B, "enum_code": "MOB"}), B),
        (with_values({"value": A, "enum": "HOME"}, {"value": B, "enum": "WORK"}), B),
        (with_values({"value": A, "enum_code": "FAX"}, {"value": B, "enum_code": "OTHER"}), B),
        (with_values({"value": A, "enum": "718321"}, {"value": B, "enum": "718325"}), A),
        (with_values({"value": "", "enum_code": "MOB"}, {"value": B, "enum_code": "WORK"}), B),
        (with_values({"value": A}, field_name="Телефон"), A),
        (with_values({"value": A}, name="ТЕЛЕФОН"), A),
        (with_values({"value": A}, code="PHONE", name="Тел."), A),
        (with_values({"value": A}, field_name="Телефон курьера"), None),
        (with_values({"value": "a@example.org"}, field_code="EMAIL"), None),
        ({"custom_fields_values": None, "custom_fields": None}, None),
        ({"custom_fields": {"0": {"code": "PHONE", "values": {"0": {"value": A}}}}}, A),
        ({"custom_fields": [{"code": "PHONE", "values": {"0": A}}]}, A),
        ({"custom_fields": [{"name": "Телефон", "values": A}]}, A),
        ({"custom_fields": ["x", 5, None, {"code": "PHONE"}]}, None),
        # The field with the code is the phone; one that is called so may be anything.
        (
            {
                "custom_fields": [
                    {"name": "Телефон", "values": [A]},
                    {"name": "Рабочий", "code": "PHONE", "values": [B]},
                ]
            },
            B,
        ),
    ],
)
def test_the_phone_of_a_contact(contact: Any, phone: Any) -> None:
    assert phone_in(contact) == phone


def test_the_address_of_a_contact() -> None:
    field = {"field_code": "EMAIL", "values": [{"value": "none"}, {"value": "a@example.org"}]}
    assert email_in({"custom_fields_values": [field]}) == "a@example.org"
    assert email_in({"custom_fields_values": [{"field_code": "PHONE", "values": [A]}]}) is None
