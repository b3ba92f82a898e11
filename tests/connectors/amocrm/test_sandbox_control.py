"""The control doors: the books, what is there twice, seeds, and what a person does by hand."""

from typing import Any

import httpx2
import pytest

from connectors.amocrm.sandbox_api import (
    CATALOG,
    CONTACT_ID,
    ELEMENT_ID,
    FIRST_STAGE,
    LEAD_ID,
    MANAGER,
    NEW_ORDER,
    ORDER_FIELD,
    ORDERS_PIPELINE,
    Api,
    values,
)


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    return Api(control)


def test_the_books_have_a_deal_with_all_that_belongs_to_it(api: Api) -> None:
    contact = api.contact("+77010000001", "87010000002", name="Айгерим")
    field = {"field_id": ORDER_FIELD, "values": [{"value": "500000001"}]}
    lead_id = api.lead(
        name="Заказ", price=5, custom_fields_values=[field],
        _embedded={"contacts": [{"id": contact}]}, tags_to_add=[{"name": "Kaspi"}],
    )  # fmt: skip
    link = {
        "to_entity_id": ELEMENT_ID,
        "to_entity_type": "catalog_elements",
        "metadata": {"catalog_id": CATALOG, "quantity": 2},
    }
    note = {"note_type": "common", "params": {"text": "Оплачен"}}
    api.post(f"/leads/{lead_id}/link", [link]).raise_for_status()
    api.post(f"/leads/{lead_id}/notes", [note]).raise_for_status()
    book = api.book_of("leads", lead_id)
    assert (book["order_code"], book["price"], book["status_id"]) == ("500000001", 5, FIRST_STAGE)
    assert book["contact"]["phones"] == ["+77010000001", "87010000002"]
    assert [(it["sku"], it["quantity"]) for it in book["elements"]] == [("SKU-0001", 2)]
    assert (book["notes"], book["tags"]) == (["Оплачен"], ["Kaspi"])
    assert api.book_of("contacts", contact)["leads"] == [lead_id]
    assert api.book_of("elements", ELEMENT_ID)["price"] == "1290"


def test_the_books_of_another_account_are_others(api: Api) -> None:
    api.lead()
    other = Api(api.control)
    assert [it["id"] for it in other.books("leads")] == [LEAD_ID]
    told = api.control.get("/amocrm/_books", params={"client_id": "nobody-yet"}).json()
    assert set(told) == {"account", "leads", "contacts", "elements", "companies", "hooks"}


def test_what_is_there_twice_is_found(api: Api) -> None:
    def deal(code: str) -> int:
        field = {"field_id": ORDER_FIELD, "values": [{"value": code}]}
        return api.lead(custom_fields_values=[field])

    def doubles() -> dict[str, Any]:
        told: dict[str, Any] = api.control.get(
            "/amocrm/_doubles", params={"token": api.token}
        ).json()
        return told

    assert doubles() == {"leads": {}, "contacts": {}, "elements": {}}
    first, _, third = deal("1"), deal("2"), deal("1")
    elements = [api.element("A"), api.element("A")]
    assert doubles()["leads"] == {"1": [first, third]}
    assert doubles()["elements"] == {"A": elements}
    api.door("/_delete", id=third)
    assert doubles()["leads"] == {}


def test_seeds_are_the_same_each_time_and_of_yesterday(api: Api) -> None:
    body = {"contacts": 6, "decoys": 2, "elements": 3, "leads": 2, "first_phone": 77010000001}
    made, again = api.door("/_seed", **body), Api(api.control).door("/_seed", **body)
    assert made == again
    first, last = made["contacts"]
    assert last - first == 7
    found = api.found("/contacts", "contacts", query="7010000001")
    assert (found[0]["name"], values(found[0], "PHONE")) == ("Не тот", [])
    assert values(found[1], "PHONE") == ["+77010000001"]
    spelled = [values(it, "PHONE") for it in api.found("/contacts", "contacts", query="701")]
    assert [it for it in spelled if it] == [
        ["+77010000001"],
        ["87010000002"],
        ["+7 (701) 000-00-03"],
        ["+77010000004"],
        ["87010000005"],
        ["+7 (701) 000-00-06"],
    ]
    new = api.lead()
    newest = api.found("/leads", "leads", **{"order[created_at]": "desc"})
    assert newest[0]["id"] in (new, LEAD_ID)
    assert {it["id"] for it in newest[2:]} == set(made["leads"])
    assert [it["order_code"] for it in api.books("leads")][1:3] == ["500000001", "500000002"]
    skus = [it["sku"] for it in api.books("elements")]
    assert skus == ["SKU-0001", "SKU-1", "SKU-2", "SKU-3"]


def test_a_person_moves_a_deal(api: Api) -> None:
    lead_id = api.lead(price=5)
    api.door("/_move", lead_id=lead_id, pipeline_id=ORDERS_PIPELINE, price=9)
    book = api.book_of("leads", lead_id)
    assert (book["pipeline_id"], book["status_id"], book["price"]) == (
        ORDERS_PIPELINE,
        NEW_ORDER,
        9,
    )
    assert book["updated_by"] == MANAGER
    api.door("/_move", lead_id=lead_id, status_id=143)
    assert api.get(f"/leads/{lead_id}").json()["closed_at"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/_move", {"lead_id": 5}, 404),
        ("/_delete", {"id": 5}, 404),
        ("/_delete", {"id": 5, "kind": "wishes"}, 400),
        ("/_move", {}, 400),
        ("/_seed", {"contacts": -1}, 400),
        ("/_grant", {}, 400),
        ("/_integrations", {"client_id": "x", "redirect_uri": "nowhere"}, 400),
        ("/_account", {"subdomain": "Нет"}, 400),
        ("/_token", {"client_id": "x", "lives_s": 0}, 400),
    ],
)
def test_what_a_door_does_not_know_it_refuses(
    control: httpx2.Client, path: str, body: dict[str, Any], status: int
) -> None:
    assert control.post(f"/amocrm{path}", json=body).status_code == status


def test_a_deal_of_the_other_door_is_one_of_the_api_as_well(api: Api) -> None:
    made = api.door("/_deal", phone="+77010000009", name="Тимур")
    lead = api.get(f"/leads/{made['lead_id']}", **{"with": "contacts"}).json()
    assert lead["status_id"] == 142 and lead["closed_at"]
    contact = api.get(f"/contacts/{lead['_embedded']['contacts'][0]['id']}").json()
    assert (contact["name"], values(contact, "PHONE")) == ("Тимур", ["+77010000009"])
    assert [it["id"] for it in api.found("/contacts", "contacts", query="7010000009")] == [
        contact["id"]
    ]
    assert contact["id"] != CONTACT_ID
