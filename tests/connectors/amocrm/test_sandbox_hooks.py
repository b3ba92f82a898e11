"""What amoCRM in miniature posts when the API, or a person, changes something."""

from time import monotonic, sleep
from typing import Any

import httpx2
import pytest

from connectors.amocrm.sandbox_api import (
    CONTACT_ID,
    LEAD_ID,
    MANAGER,
    ORDER_FIELD,
    Api,
)
from uzel.kit.brackets import read_brackets

WAIT_S = 30


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    return Api(control)


def subscribe(api: Api, served: Any, *events: str) -> None:
    body = {"destination": f"{served.url}/hook?key=secret", "settings": list(events)}
    assert api.post("/webhooks", body).status_code == 201


def posts(served: Any, number: int) -> list[dict[str, Any]]:
    """The bodies of as many posts, in the order of their arrival."""
    end = monotonic() + WAIT_S
    while len(served.got) < number and monotonic() < end:
        sleep(0.01)
    assert len(served.got) == number, served.got
    return [read_brackets(body) for _, _, body in served.got]


def test_a_new_deal_is_told_of_without_its_contact(api: Api, served: Any) -> None:
    subscribe(api, served, "add_lead")
    field = {"field_id": ORDER_FIELD, "values": [{"value": "500000001"}]}
    embedded = {"contacts": [{"id": CONTACT_ID}]}
    lead_id = api.lead(
        name="Заказ", price=5, custom_fields_values=[field], _embedded=embedded,
        tags_to_add=[{"name": "Kaspi"}],
    )  # fmt: skip
    (body,) = posts(served, 1)
    lead = body["leads"]["add"]["0"]
    assert (lead["id"], lead["name"], lead["price"]) == (str(lead_id), "Заказ", "5")
    assert lead["custom_fields"]["0"] == {
        **{"id": str(ORDER_FIELD), "name": "Номер заказа"},
        "values": {"0": {"value": "500000001"}},
    }
    assert lead["tags"]["0"]["name"] == "Kaspi"
    assert "contacts" not in body and "linked_leads_id" not in lead
    account = api.get("/account").json()
    assert body["account"]["id"] == str(account["id"])
    assert body["account"]["subdomain"] == account["subdomain"]
    ((_, headers, _),) = served.got
    assert headers["user-agent"] == "amoCRM-Webhooks/3.0"


def test_another_stage_is_told_of_as_status_and_as_update(api: Api, served: Any) -> None:
    subscribe(api, served, "status_lead", "update_lead", "add_lead")
    api.patch("/leads", [{"id": LEAD_ID, "status_id": 143}]).raise_for_status()
    told = {action: body for body in posts(served, 2) for action in body["leads"]}
    assert set(told) == {"status", "update"}
    moved = told["status"]["leads"]["status"]["0"]
    assert (moved["status_id"], moved["old_status_id"]) == ("143", "142")
    assert "old_status_id" not in told["update"]["leads"]["update"]["0"]


def test_a_price_is_an_update_only(api: Api, served: Any) -> None:
    subscribe(api, served, "status_lead", "update_lead", "responsible_lead")
    api.patch(f"/leads/{LEAD_ID}", {"price": 7}).raise_for_status()
    (body,) = posts(served, 1)
    assert body["leads"]["update"]["0"]["price"] == "7"


def test_another_person_is_responsible(api: Api, served: Any) -> None:
    subscribe(api, served, "responsible_lead", "responsible_contact")
    change = {"responsible_user_id": MANAGER}
    api.patch(f"/leads/{LEAD_ID}", change).raise_for_status()
    api.patch(f"/contacts/{CONTACT_ID}", change).raise_for_status()
    told = posts(served, 2)
    lead = next(it["leads"]["responsible"]["0"] for it in told if "leads" in it)
    contact = next(it["contacts"]["responsible"]["0"] for it in told if "contacts" in it)
    for it in (lead, contact):
        assert it["responsible_user_id"] == str(MANAGER)
        assert it["old_responsible_user_id"] == "10000601"


def test_a_contact_is_told_of_with_its_numbers_in_the_spelling_of_hooks(
    api: Api, served: Any
) -> None:
    subscribe(api, served, "add_contact", "add_company")
    made = api.contact("+77010000001", name="a")
    (body,) = posts(served, 1)
    contact = body["contacts"]["add"]["0"]
    assert (contact["id"], contact["type"]) == (str(made), "contact")
    assert contact["custom_fields"]["0"] == {
        **{"id": "735649", "name": "Телефон", "code": "PHONE"},
        "values": {"0": {"value": "+77010000001", "enum": "718321"}},
    }


def test_a_company_comes_among_the_contacts(api: Api, served: Any) -> None:
    subscribe(api, served, "add_company")
    api.contact(name="nobody listens to this one")
    api.made("/companies", "companies", {"name": "ООО"})
    (body,) = posts(served, 1)
    assert body["contacts"]["add"]["0"]["type"] == "company"


def test_a_note_is_told_of_with_numbers_for_kinds(api: Api, served: Any) -> None:
    subscribe(api, served, "note_lead")
    note = {"note_type": "common", "params": {"text": "Оплачен"}}
    api.post(f"/leads/{LEAD_ID}/notes", [note]).raise_for_status()
    (body,) = posts(served, 1)
    told = body["leads"]["note"]["0"]["note"]
    assert (told["note_type"], told["element_type"]) == ("4", "2")
    assert (told["text"], told["element_id"]) == ("Оплачен", str(LEAD_ID))


def test_what_a_person_moves_deletes_and_restores_is_told_of(api: Api, served: Any) -> None:
    subscribe(api, served, "status_lead", "delete_lead", "restore_lead")
    assert api.door("/_move", lead_id=LEAD_ID, status_id=143)["events"] == [
        "status_lead",
        "update_lead",
    ]
    moved = posts(served, 1)[0]["leads"]["status"]["0"]
    assert moved["modified_user_id"] == str(MANAGER)
    api.door("/_delete", id=LEAD_ID)
    assert posts(served, 2)[1]["leads"]["delete"]["0"] == {"id": str(LEAD_ID), "type": "lead"}
    api.door("/_delete", id=LEAD_ID, restore=True)
    assert posts(served, 3)[2]["leads"]["restore"]["0"]["id"] == str(LEAD_ID)


def test_nobody_is_told_who_is_not_registered_or_of_what_was_refused(api: Api, served: Any) -> None:
    subscribe(api, served, "add_contact")
    api.lead()
    api.post("/contacts", [{"name": "right"}, {"name": 5}])
    api.contact(name="the only one")
    (body,) = posts(served, 1)
    assert body["contacts"]["add"]["0"]["name"] == "the only one"


def test_an_address_that_fails_gets_it_again(api: Api, served: Any) -> None:
    api.set(retry_scale=0)
    served.answers = [(500, "", b""), (503, "", b""), (200, "", b"")]
    subscribe(api, served, "add_lead")
    api.lead()
    bodies = posts(served, 3)
    assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.parametrize(("kind", "number"), [("duplicate_webhook", 2), ("lost_webhook", 0)])
def test_posts_of_the_api_can_be_lost_and_doubled_too(
    api: Api, served: Any, kind: str, number: int
) -> None:
    subscribe(api, served, "add_lead", "add_contact")
    api.control.post("/_faults", json={"connector": "amocrm", "kind": kind}).raise_for_status()
    api.lead()
    api.contact(name="the end")
    told = posts(served, number + 1)
    assert sum("leads" in body for body in told) == number


def test_the_events_are_those_of_the_documentation(api: Api) -> None:
    known = ["add_talk", "restore_company", "note_customer", "delete_task", "status_lead"]
    body = {"destination": "http://127.0.0.1:9/a", "settings": known}
    assert api.post("/webhooks", body).status_code == 201
    unknown = {**body, "settings": ["restore_task"]}
    assert api.wrong(api.post("/webhooks", unknown)) == [("0", "NotSupportedChoice", "settings")]


def test_there_are_at_most_a_hundred_hooks(api: Api) -> None:
    for nth in range(100):
        body = {"destination": f"http://127.0.0.1:9/{nth}", "settings": ["add_lead"]}
        assert api.post("/webhooks", body).status_code == 201
    assert api.post("/webhooks", {**body, "settings": ["add_task"]}).status_code == 201
    more = {**body, "destination": "http://127.0.0.1:9/more"}
    assert api.post("/webhooks", more).status_code == 422
