"""Links, notes and tasks in miniature."""

from typing import Any

import httpx2
import pytest

from connectors.amocrm.sandbox_api import CATALOG, CONTACT_ID, ELEMENT_ID, LEAD_ID, Api

TEA = {
    "to_entity_id": ELEMENT_ID,
    "to_entity_type": "catalog_elements",
    "metadata": {"catalog_id": CATALOG, "quantity": 2},
}


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    return Api(control)


def linked(api: Api, lead_id: int) -> list[tuple[int, Any]]:
    """(id, metadata) of the links of a deal."""
    found = api.found(f"/leads/{lead_id}/links", "links")
    return [(it["to_entity_id"], it["metadata"]) for it in found]


def test_an_element_is_linked_with_its_quantity(api: Api) -> None:
    answered = api.post(f"/leads/{LEAD_ID}/link", [TEA]).json()
    assert answered["_total_items"] == 1
    assert answered["_links"]["self"]["href"].endswith(f"/leads/{LEAD_ID}/links")
    (link,) = answered["_embedded"]["links"]
    tea = {"quantity": 2, "catalog_id": CATALOG, "price_id": None}
    assert link == {
        **{"entity_id": LEAD_ID, "entity_type": "leads"},
        **{"to_entity_id": ELEMENT_ID, "to_entity_type": "catalog_elements", "metadata": tea},
    }
    assert linked(api, LEAD_ID) == [(CONTACT_ID, {"main_contact": True}), (ELEMENT_ID, tea)]
    shown = api.get(f"/leads/{LEAD_ID}", **{"with": "catalog_elements"}).json()
    assert shown["_embedded"]["catalog_elements"] == [{"id": ELEMENT_ID, "metadata": tea}]


@pytest.mark.parametrize(("relink", "quantity"), [("set", 3), ("add", 5)])
def test_linked_again_an_element_is_there_once(api: Api, relink: str, quantity: int) -> None:
    api.set(relink=relink)
    api.post(f"/leads/{LEAD_ID}/link", [TEA]).raise_for_status()
    more = {**TEA, "metadata": {"catalog_id": CATALOG, "quantity": 3}}
    api.post(f"/leads/{LEAD_ID}/link", [more]).raise_for_status()
    found = [meta["quantity"] for other, meta in linked(api, LEAD_ID) if other == ELEMENT_ID]
    assert found == [quantity]


def test_many_deals_are_linked_and_read_in_one_request_each(api: Api) -> None:
    first, second = api.made("/leads", "leads", {}, {})
    body = [{**TEA, "entity_id": first}, {**TEA, "entity_id": second}]
    answered = api.post("/leads/link", body).json()
    assert [it["entity_id"] for it in answered["_embedded"]["links"]] == [first, second]
    query = {"filter[entity_id][0]": str(first), "filter[entity_id][1]": str(second)}
    found = api.found("/leads/links", "links", **query)
    assert [(it["entity_id"], it["to_entity_id"]) for it in found] == [
        (first, ELEMENT_ID),
        (second, ELEMENT_ID),
    ]
    doubled = httpx2.QueryParams([("filter[entity_id][]", str(it)) for it in (first, second)])
    assert len(api.ask("GET", f"/leads/links?{doubled}").json()["_embedded"]["links"]) == 2
    assert api.get("/leads/links").status_code == 400
    assert api.post("/leads/unlink", body).status_code == 204
    assert (linked(api, first), linked(api, second)) == ([], [])


def test_links_are_filtered_without_paying(api: Api) -> None:
    api.post(f"/leads/{LEAD_ID}/link", [TEA]).raise_for_status()
    path = f"/leads/{LEAD_ID}/links"
    for query, expected in (
        ({"filter[to_entity_type]": "contacts"}, [CONTACT_ID]),
        ({"filter[to_catalog_id]": str(CATALOG)}, [ELEMENT_ID]),
        ({"filter[to_entity_type]": "companies"}, []),
    ):
        assert [it["to_entity_id"] for it in api.found(path, "links", **query)] == expected


@pytest.mark.parametrize(
    ("link", "code", "path"),
    [
        ({**TEA, "metadata": None}, "FieldMissing", "metadata.catalog_id"),
        ({**TEA, "metadata": {"catalog_id": 11273}}, "NotSupportedChoice", "metadata.catalog_id"),
        (
            {**TEA, "metadata": {"catalog_id": CATALOG, "quantity": 0}},
            *("InvalidType", "metadata.quantity"),
        ),
        (
            {**TEA, "metadata": {"catalog_id": CATALOG, "quantity": "2"}},
            *("InvalidType", "metadata.quantity"),
        ),
        ({**TEA, "to_entity_id": 5}, "NotSupportedChoice", "to_entity_id"),
        ({**TEA, "to_entity_type": "wishes"}, "NotSupportedChoice", "to_entity_type"),
        ({**TEA, "to_entity_type": "leads"}, "NotSupportedChoice", "to_entity_type"),
    ],
)
def test_a_wrong_link_refuses_the_others(
    api: Api, link: dict[str, Any], code: str, path: str
) -> None:
    assert api.wrong(api.post(f"/leads/{LEAD_ID}/link", [TEA, link])) == [("1", code, path)]
    assert [other for other, _ in linked(api, LEAD_ID)] == [CONTACT_ID]


def test_what_is_not_there_cannot_be_linked_to(api: Api) -> None:
    assert api.post("/leads/5/link", [TEA]).status_code == 404
    assert api.get("/leads/5/links").status_code == 404
    answered = api.post("/leads/link", [{**TEA, "entity_id": 5}])
    assert api.wrong(answered) == [("0", "NotSupportedChoice", "entity_id")]


def test_a_deal_has_one_main_contact(api: Api) -> None:
    other, third = api.contact(name="b"), api.contact(name="c")

    def link(contact: int, **meta: Any) -> dict[str, Any]:
        return {"to_entity_id": contact, "to_entity_type": "contacts", "metadata": meta or None}

    def mains() -> list[tuple[int, bool]]:
        lead = api.get(f"/leads/{LEAD_ID}", **{"with": "contacts"}).json()
        return [(it["id"], it["is_main"]) for it in lead["_embedded"]["contacts"]]

    path = f"/leads/{LEAD_ID}"
    api.post(f"{path}/link", [link(other)]).raise_for_status()
    assert mains() == [(CONTACT_ID, True), (other, False)]
    api.post(f"{path}/link", [link(third, is_main=True)]).raise_for_status()
    assert mains()[0] == (third, True) and dict(mains())[CONTACT_ID] is False
    api.post(f"{path}/unlink", [link(third)]).raise_for_status()
    assert sorted(mains()) == [(CONTACT_ID, True), (other, False)]


def test_a_deal_has_one_company(api: Api) -> None:
    companies = api.made("/companies", "companies", {"name": "a"}, {"name": "b"})
    for company in companies:
        body = [{"to_entity_id": company, "to_entity_type": "companies"}]
        api.post(f"/leads/{LEAD_ID}/link", body).raise_for_status()
    lead = api.get(f"/leads/{LEAD_ID}").json()
    assert [it["id"] for it in lead["_embedded"]["companies"]] == companies[1:]


def test_notes_of_one_deal_and_of_many(api: Api) -> None:
    other = api.lead()
    note = {"note_type": "common", "params": {"text": "Оплачен"}}
    one = api.post(f"/leads/{LEAD_ID}/notes", [note]).json()["_embedded"]["notes"][0]
    assert set(one) == {"id", "entity_id", "request_id", "_links"}
    assert one["_links"]["self"]["href"].endswith(f"/leads/{LEAD_ID}/notes/{one['id']}")
    body = [{**note, "entity_id": LEAD_ID, "request_id": "a"}, {**note, "entity_id": other}]
    many = api.post("/leads/notes", body).json()["_embedded"]["notes"]
    assert [(it["entity_id"], it["request_id"]) for it in many] == [(LEAD_ID, "a"), (other, "1")]
    found = api.found(f"/leads/{LEAD_ID}/notes", "notes")
    assert [(it["id"], it["params"]["text"]) for it in found] == [
        (one["id"], "Оплачен"),
        (many[0]["id"], "Оплачен"),
    ]
    newest = api.found("/leads/notes", "notes", limit=1, **{"order[id]": "desc"})
    assert newest[0]["id"] == many[1]["id"]
    query = {"filter[entity_id][0]": str(other)}
    assert [it["entity_id"] for it in api.found("/leads/notes", "notes", **query)] == [other]
    assert api.get(f"/leads/notes/{one['id']}").json()["note_type"] == "common"
    assert api.get(f"/contacts/{CONTACT_ID}/notes").status_code == 204


@pytest.mark.parametrize(
    ("note", "code", "path"),
    [
        ({"entity_id": 5}, "NotSupportedChoice", "entity_id"),
        ({"entity_id": None}, "FieldMissing", "entity_id"),
        ({"note_type": "song"}, "NotSupportedChoice", "note_type"),
        ({"note_type": None}, "FieldMissing", "note_type"),
        ({"params": {}}, "FieldMissing", "params.text"),
        ({"params": {"text": None}}, "NotNullable", "params.text"),
        ({"params": {"text": ""}}, "NotBlank", "params.text"),
    ],
)
def test_a_wrong_note_refuses_the_others(
    api: Api, note: dict[str, Any], code: str, path: str
) -> None:
    right = {"entity_id": LEAD_ID, "note_type": "common", "params": {"text": "x"}}
    assert api.wrong(api.post("/leads/notes", [right, right | note])) == [("1", code, path)]
    assert api.get("/leads/notes").status_code == 204


def test_a_note_can_be_changed(api: Api) -> None:
    note = {"note_type": "common", "params": {"text": "a"}}
    made = api.made(f"/leads/{LEAD_ID}/notes", "notes", note)[0]
    body = [{"id": made, "note_type": "common", "params": {"text": "b"}}]
    api.patch("/leads/notes", body).raise_for_status()
    assert api.get(f"/leads/notes/{made}").json()["params"] == {"text": "b"}
    assert api.wrong(api.patch("/leads/notes", [{"id": 5, "params": {}}]))


def test_a_task_is_made_told_of_and_done(api: Api) -> None:
    task = {"text": "Позвонить", "complete_till": 4000000000.0}
    made = api.made("/tasks", "tasks", {**task, "entity_id": LEAD_ID, "entity_type": "leads"})[0]
    assert api.get(f"/leads/{LEAD_ID}").json()["closest_task_at"] == 4000000000
    shown = api.get(f"/tasks/{made}").json()
    assert (shown["text"], shown["is_completed"], shown["result"]) == ("Позвонить", False, [])
    api.patch(f"/tasks/{made}", {"is_completed": True, "result": {"text": "да"}}).raise_for_status()
    query = {"filter[is_completed]": "1", "filter[entity_id]": str(LEAD_ID)}
    assert [it["id"] for it in api.found("/tasks", "tasks", **query)] == [made]
    assert api.get(f"/leads/{LEAD_ID}").json()["closest_task_at"] is None
    assert api.wrong(api.post("/tasks", [{"text": "x"}])) == [
        ("0", "FieldMissing", "complete_till")
    ]


def test_what_happened_is_listed_the_newest_first(api: Api) -> None:
    lead_id = api.lead()
    api.patch(f"/leads/{lead_id}", {"status_id": 142}).raise_for_status()
    moved, added = api.found("/events", "events", limit=2)
    assert (moved["type"], added["type"]) == ("lead_status_changed", "lead_added")
    assert moved["value_after"][0]["lead_status"]["id"] == 142
    assert added["_embedded"]["entity"]["id"] == lead_id
