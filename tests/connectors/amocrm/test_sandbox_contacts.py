"""Contacts and companies in miniature, and how their numbers are found."""

from typing import Any

import httpx2
import pytest

from connectors.amocrm.sandbox_api import CONTACT_ID, MANAGER, Api, values


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    return Api(control)


def of(api: Api, contact_id: int, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/contacts/{contact_id}", **query).json()
    return found


def names(api: Api, query: str) -> list[str]:
    return [it["name"] for it in api.found("/contacts", "contacts", query=query)]


def test_a_number_is_shown_with_the_kind_it_was_given_in_two_spellings(api: Api) -> None:
    given = [
        {"value": "+77010000001", "enum_code": "MOB"},
        {"value": "+77010000002", "enum_id": 718321},
        {"value": "+77010000003"},
    ]
    field = {"field_id": 735649, "values": given}
    made = api.made("/contacts", "contacts", {"custom_fields_values": [field]})[0]
    (shown,) = of(api, made)["custom_fields_values"]
    assert (shown["field_code"], shown["field_type"]) == ("PHONE", "multitext")
    assert [(it["enum_id"], it["enum_code"]) for it in shown["values"]] == [
        (718325, "MOB"),
        (718321, "WORK"),
        (718321, "WORK"),
    ]


def test_a_change_of_a_field_replaces_all_its_values(api: Api) -> None:
    made = api.contact("+77010000001", "+77010000002")
    field = {"field_code": "PHONE", "values": [{"value": "+77010000003"}]}
    api.patch(f"/contacts/{made}", {"custom_fields_values": [field]}).raise_for_status()
    assert values(of(api, made), "PHONE") == ["+77010000003"]


def test_the_answer_to_a_new_contact_says_ids(api: Api) -> None:
    answered = api.post("/contacts", [{"name": "a"}, {"name": "b", "request_id": "x"}]).json()
    made = answered["_embedded"]["contacts"]
    assert [it["request_id"] for it in made] == ["0", "x"]
    assert set(made[0]) == {"id", "is_deleted", "is_unsorted", "request_id", "_links"}


@pytest.mark.parametrize(
    ("item", "name", "first", "last"),
    [
        ({"first_name": "Айгерим", "last_name": "Т"}, "Айгерим Т", "Айгерим", "Т"),
        ({"first_name": "Айгерим"}, "Айгерим", "Айгерим", ""),
        ({"name": "Кто-то"}, "Кто-то", "", ""),
        ({}, "", "", ""),
    ],
)
def test_a_contact_is_called_by_its_parts_or_as_it_is_said(
    api: Api, item: dict[str, str], name: str, first: str, last: str
) -> None:
    shown = of(api, api.contact(**item))
    assert (shown["name"], shown["first_name"], shown["last_name"]) == (name, first, last)


def test_a_part_of_the_name_changes_the_name(api: Api) -> None:
    made = api.contact(first_name="Айгерим", last_name="Т")
    answered = api.patch(f"/contacts/{made}", {"last_name": "С"})
    assert answered.json()["name"] == "Айгерим С"
    changed = api.patch("/contacts", [{"id": made, "name": "Другая"}]).json()
    assert changed["_embedded"]["contacts"][0]["name"] == "Другая"


@pytest.mark.parametrize(
    "item",
    [
        {"custom_fields_values": [{"field_code": "PHONE", "values": [{}]}]},
        {
            "custom_fields_values": [
                {"field_code": "PHONE", "values": [{"value": "1", "enum_code": "NIX"}]}
            ]
        },
        {"first_name": 5},
        {"responsible_user_id": 1},
    ],
)
def test_a_wrong_value_makes_nobody(api: Api, item: dict[str, Any]) -> None:
    assert len(api.wrong(api.post("/contacts", [{"name": "right"}, item]))) == 1
    assert len(api.found("/contacts", "contacts")) == 1


def test_a_number_is_found_by_its_digits_however_it_is_written(api: Api) -> None:
    api.contact("+7 (701) 000-00-41", name="a")
    api.contact("87010000041", name="b")
    api.contact("+77010000041", name="c")
    assert names(api, "7010000041") == ["a", "b", "c"]
    assert names(api, "701 000-00-41") == ["a", "b", "c"]
    # Eight is not plus seven.
    assert names(api, "87010000041") == ["b"]
    assert names(api, "+77010000041") == ["a", "c"]


def test_a_search_finds_more_than_was_meant(api: Api) -> None:
    mail = {"field_code": "EMAIL", "values": [{"value": "7010000042@mail.example"}]}
    api.made("/contacts", "contacts", {"name": "mail", "custom_fields_values": [mail]})
    api.contact("+77010000042", name="phone")
    api.contact("+770100000421", name="longer")
    api.contact(name="говорит 7010000042")
    found = names(api, "7010000042")
    assert found == ["mail", "phone", "longer", "говорит 7010000042"]
    assert names(api, "7010000042")[0] == "mail"
    assert api.found("/contacts", "contacts", query="7010000042", limit=1)[0]["name"] == "mail"


def test_every_word_of_a_search_is_somewhere(api: Api) -> None:
    api.contact("+77010000043", first_name="Айгерим", last_name="Ахметова")
    assert names(api, "ахмет АЙГ") == ["Айгерим Ахметова"]
    assert names(api, "ахмет пётр") == []
    assert api.get("/contacts", query="нет такого").status_code == 204


def test_nothing_keeps_two_contacts_from_having_one_number(api: Api) -> None:
    first, second = api.contact("+77010000044"), api.contact("87010000044")
    doubles = api.control.get("/amocrm/_doubles", params={"token": api.token}).json()
    assert doubles["contacts"] == {"7010000044": [first, second]}


def test_what_was_just_made_may_not_be_found_yet(api: Api) -> None:
    api.set(search_lag_s=60)
    made = api.contact("+77010000045")
    assert names(api, "7010000045") == []
    assert made in [it["id"] for it in api.found("/contacts", "contacts")]
    api.set(search_lag_s=0)
    assert len(names(api, "7010000045")) == 1


def test_a_contact_shows_its_deals_to_who_asks(api: Api) -> None:
    assert "leads" not in of(api, CONTACT_ID)["_embedded"]
    shown = of(api, CONTACT_ID, **{"with": "leads,catalog_elements,customers"})["_embedded"]
    assert len(shown["leads"]) == 1
    assert (shown["catalog_elements"], shown["customers"]) == ([], [])


def test_a_deleted_contact_is_gone_and_from_its_deals(api: Api) -> None:
    lead_id = api.lead(_embedded={"contacts": [{"id": CONTACT_ID}]})
    api.door("/_delete", kind="contacts", id=CONTACT_ID)
    assert api.get(f"/contacts/{CONTACT_ID}").status_code == 204
    lead = api.get(f"/leads/{lead_id}", **{"with": "contacts"}).json()
    assert lead["_embedded"]["contacts"] == []
    assert names(api, "79990000001") == []


def test_companies_are_made_read_and_changed(api: Api) -> None:
    made = api.made("/companies", "companies", {"name": "ООО Тест", "responsible_user_id": MANAGER})
    shown = api.get(f"/companies/{made[0]}", **{"with": "contacts"}).json()
    assert (shown["name"], shown["_embedded"]["contacts"]) == ("ООО Тест", [])
    assert "first_name" not in shown
    api.patch("/companies", [{"id": made[0], "name": "АО"}]).raise_for_status()
    assert [it["name"] for it in api.found("/companies", "companies", query="ао")] == ["АО"]
