"""People in the sandbox's account: made, found by phone, and nobody else found."""

from typing import Any

import pytest

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import Rejected

PATH = "/api/v4/contacts"
PHONE = "+77071234567"


def person(request: str, phone: str | None, first: str = "Айгерим", **more: Any) -> dict[str, Any]:
    return {"request_id": request, "first_name": first, "last_name": None, "phone": phone, **more}


def card(name: str, *phones: str) -> dict[str, Any]:
    values = [{"value": phone, "enum_code": "WORK"} for phone in phones]
    fields = [{"field_code": "PHONE", "values": values}] if phones else []
    return {"name": name, "custom_fields_values": fields}


def made(raw: Any, config: AmocrmConfig, *cards: dict[str, Any]) -> list[int]:
    answer = raw(config, "POST", PATH, [*cards])
    return [contact["id"] for contact in answer["_embedded"]["contacts"]]


def found(run: Any, config: AmocrmConfig, phone: str = PHONE) -> list[int]:
    contacts = run(config, "find_contacts", {"phone": phone}).data["contacts"]
    return [contact["id"] for contact in contacts]


def test_who_was_made_is_found_as_a_person_reads_them(run: Any, config: AmocrmConfig) -> None:
    contacts = [
        person("a", PHONE, last_name="Тестова"),
        person("b", "+79990000052", "Иван"),
        person("c", None, "Без телефона"),
    ]
    ids = run(config, "create_contacts", {"contacts": contacts, "since": 0}).data["ids"]
    assert set(ids) == {"a", "b", "c"}
    assert run(config, "find_contacts", {"phone": PHONE}).data == {
        "contacts": [{"id": ids["a"], "name": "Айгерим Тестова", "phones": [PHONE]}]
    }
    assert found(run, config, "+79990000052") == [ids["b"]]


@pytest.mark.parametrize(
    "spelling", ["87071234567", "+7 (707) 123-45-67", "7071234567", "8 707 123 45 67"]
)
def test_plus_seven_and_eight_are_one_number(
    run: Any, raw: Any, config: AmocrmConfig, spelling: str
) -> None:
    assert found(run, config) == []
    mine = made(raw, config, card("Айгерим", "+79990000009", spelling))
    assert found(run, config) == mine


def test_hits_that_only_hold_the_digits_are_refused_and_the_oldest_comes_first(
    run: Any, raw: Any, config: AmocrmConfig
) -> None:
    wrong = [card("чужой", "+17071234567"), card("длинный", "870712345678")]
    wrong += [card("Заказ 7071234567")]
    right = [card("первый", "+77071234567"), card("второй", "8 (707) 123-45-67")]
    ids = made(raw, config, *wrong, *right)
    assert found(run, config) == ids[-2:]


@pytest.mark.parametrize("phone", ["", "87071234567", "+7707", "7071234567", "+7707123456x"])
def test_what_is_no_number_is_not_searched_for(run: Any, served: Any, phone: str) -> None:
    with pytest.raises(Rejected) as caught:
        run(served.config(), "find_contacts", {"phone": phone})
    assert (caught.value.code, served.got) == ("phone_format", [])


def test_it_is_asked_for_by_its_last_ten_digits(run: Any, served: Any) -> None:
    served.answers = [(204, "application/hal+json", b"")]
    assert run(served.config(), "find_contacts", {"phone": PHONE}).data == {"contacts": []}
    assert [what for what, _, _ in served.got] == [
        "GET /api/v4/contacts?query=7071234567&limit=250&page=1"
    ]


def test_a_contact_that_amocrm_refuses_is_named(run: Any, config: AmocrmConfig) -> None:
    contacts = [person("a", PHONE), person("b", None, responsible_user_id=1)]
    with pytest.raises(Rejected, match="ответственный") as caught:
        run(config, "create_contacts", {"contacts": contacts, "since": 0})
    assert (caught.value.code or "").endswith(":b")
    assert found(run, config) == []
