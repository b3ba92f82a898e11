"""Lists, their elements, and custom fields as such, in miniature."""

from typing import Any

import httpx2
import pytest

from connectors.amocrm.sandbox_api import (
    CATALOG,
    ELEMENT_ID,
    ORDER_FIELD,
    PRICE_FIELD,
    SKU_FIELD,
    Api,
    values,
)

ELEMENTS = f"/catalogs/{CATALOG}/elements"
FIELDS = f"/catalogs/{CATALOG}/custom_fields"


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    return Api(control)


def test_a_new_element_is_answered_whole_with_texts_for_values(api: Api) -> None:
    fields = [
        {"field_id": SKU_FIELD, "values": [{"value": "A-1"}]},
        {"field_id": PRICE_FIELD, "values": [{"value": 999.5}]},
        {"field_code": "GROUP", "values": [{"value": "Телефоны"}]},
        {"field_code": "UNIT", "values": [{"enum_code": "kg"}]},
    ]
    item = {"name": "Чай", "custom_fields_values": fields}
    answered = api.post(ELEMENTS, [{**item, "request_id": "r"}, {"name": "Кофе"}])
    first, second = answered.json()["_embedded"]["elements"]
    assert (first["request_id"], second["request_id"]) == ("r", "1")
    assert (first["catalog_id"], first["is_deleted"]) == (CATALOG, None)
    assert values(first, "SKU") == ["A-1"] and values(first, "PRICE") == ["999.5"]
    assert values(first, "GROUP") == ["Телефоны"] and values(first, "UNIT") == ["кг"]
    kinds = {it["field_code"]: it["field_type"] for it in first["custom_fields_values"]}
    assert (kinds["PRICE"], kinds["SKU"]) == ("price", "text")
    assert first["_links"]["self"]["href"].endswith(f"{ELEMENTS}/{first['id']}?page=1&limit=250")
    read = api.get(f"{ELEMENTS}/{first['id']}").json()
    assert read == {name: value for name, value in first.items() if name != "request_id"}


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({}, ("FieldMissing", "name")),
        ({"name": ""}, ("FieldMissing", "name")),
        ({"name": 5}, ("InvalidType", "name")),
        (
            {
                "name": "x",
                "custom_fields_values": [{"field_code": "PRICE", "values": [{"value": "free"}]}],
            },
            ("InvalidType", "custom_fields_values.0.values.0.value"),
        ),
    ],
)
def test_a_wrong_element_refuses_all(
    api: Api, item: dict[str, Any], fault: tuple[str, str]
) -> None:
    answered = api.post(ELEMENTS, [{"name": "right"}, item])
    assert api.wrong(answered) == [("1", *fault)]
    assert [it["id"] for it in api.found(ELEMENTS, "elements")] == [ELEMENT_ID]


def test_a_price_changes_and_the_rest_stays(api: Api) -> None:
    price = {"field_id": PRICE_FIELD, "values": [{"value": "5"}]}
    body = [{"id": ELEMENT_ID, "custom_fields_values": [price]}]
    (changed,) = api.patch(ELEMENTS, body).json()["_embedded"]["elements"]
    assert (values(changed, "PRICE"), values(changed, "SKU")) == (["5"], ["SKU-0001"])
    assert (changed["name"], changed["request_id"]) == ("Чай чёрный", str(ELEMENT_ID))
    one = api.patch(f"{ELEMENTS}/{ELEMENT_ID}", {"name": "Чай"}).json()
    assert (one["name"], values(one, "PRICE")) == ("Чай", ["5"])


def test_a_search_for_an_article_number_finds_its_longer_sisters_first(api: Api) -> None:
    api.element("SKU-12")
    exact = api.element("SKU-1")
    found = api.found(ELEMENTS, "elements", query="SKU-1")
    assert [values(it, "SKU")[0] for it in found] == ["SKU-12", "SKU-1"]
    assert found[-1]["id"] == exact


def test_elements_are_filtered_by_id_without_paying_and_have_no_order(api: Api) -> None:
    made = [api.element("A"), api.element("B")]
    query = {f"filter[id][{nth}]": str(it) for nth, it in enumerate(made)}
    assert [it["id"] for it in api.found(ELEMENTS, "elements", **query)] == made
    reversed_ = api.found(ELEMENTS, "elements", **{"order[id]": "desc"})
    assert [it["id"] for it in reversed_] == [ELEMENT_ID, *made]


def test_an_element_is_in_its_own_list_only(api: Api) -> None:
    other = api.made("/catalogs", "catalogs", {"name": "Другой"})[0]
    assert api.get(f"/catalogs/{other}/elements").status_code == 204
    assert api.get(f"/catalogs/{other}/elements/{ELEMENT_ID}").status_code == 204
    body = [{"id": ELEMENT_ID, "name": "x"}]
    assert api.wrong(api.patch(f"/catalogs/{other}/elements", body))
    assert api.patch(f"/catalogs/{other}/elements/{ELEMENT_ID}", body[0]).status_code == 404
    assert api.get("/catalogs/5/elements").status_code == 404


def test_a_deleted_element_is_gone(api: Api) -> None:
    api.door("/_delete", kind="catalog_elements", id=ELEMENT_ID)
    assert api.get(f"{ELEMENTS}/{ELEMENT_ID}").status_code == 204
    assert api.get(ELEMENTS).status_code == 204


def test_there_are_at_most_ten_lists(api: Api) -> None:
    known = api.found("/catalogs", "catalogs")
    assert [it["type"] for it in known] == ["products", "suppliers"]
    body = [{"name": f"Список {nth}"} for nth in range(8)]
    assert api.post("/catalogs", body).status_code == 200
    assert api.post("/catalogs", body[:1]).status_code == 422
    assert api.wrong(api.post("/catalogs", [{"type": "regular"}])) == [
        ("0", "FieldMissing", "name")
    ]
    changed = api.patch(f"/catalogs/{known[1]['id']}", {"name": "Юрлица"}).json()
    assert (changed["name"], changed["id"]) == ("Юрлица", known[1]["id"])


def test_fields_come_fifty_at_a_time_whatever_is_asked(api: Api) -> None:
    body = [{"name": f"Поле {nth}", "type": "text"} for nth in range(50)]
    assert api.post("/leads/custom_fields", body).status_code == 201
    first = api.get("/leads/custom_fields", limit=250).json()
    assert (first["_total_items"], first["_page_count"]) == (62, 2)
    assert len(first["_embedded"]["custom_fields"]) == 50
    second = api.found("/leads/custom_fields", "custom_fields", limit=250, page=2)
    names = [it["name"] for it in [*first["_embedded"]["custom_fields"], *second]]
    assert len(set(names)) == 62


def test_a_new_field_is_201_and_takes_values(api: Api) -> None:
    item = {"name": "Код площадки", "type": "text", "code": "MARKET"}
    answered = api.post("/leads/custom_fields", [item])
    assert answered.status_code == 201
    (made,) = answered.json()["_embedded"]["custom_fields"]
    assert (made["name"], made["code"], made["entity_type"]) == ("Код площадки", "MARKET", "leads")
    field = {"field_code": "MARKET", "values": [{"value": "x"}]}
    lead = api.get(f"/leads/{api.lead(custom_fields_values=[field])}").json()
    assert values(lead, made["id"]) == ["x"]
    assert api.get(f"/leads/custom_fields/{made['id']}").json()["id"] == made["id"]


def test_one_object_is_answered_by_one_field(api: Api) -> None:
    answered = api.post(FIELDS, {"name": "Штрихкод", "type": "text"})
    assert answered.status_code == 201
    assert (answered.json()["catalog_id"], answered.json()["entity_type"]) == (CATALOG, "catalogs")


@pytest.mark.parametrize(
    ("item", "code", "path"),
    [
        ({"type": "text"}, "FieldMissing", "name"),
        ({"name": "x"}, "FieldMissing", "type"),
        ({"name": "x", "type": "telepathy"}, "NotSupportedChoice", "type"),
        ({"name": "x", "type": "text", "code": "SKU"}, "NotSupportedChoice", "code"),
        ({"name": "x", "type": "select"}, "FieldMissing", "enums"),
    ],
)
def test_a_wrong_field_is_refused(api: Api, item: dict[str, str], code: str, path: str) -> None:
    assert api.wrong(api.post(FIELDS, [item])) == [("0", code, path)]


def test_a_code_is_given_once(api: Api) -> None:
    item = {"name": "x", "type": "text", "code": "TWICE"}
    assert api.wrong(api.post(FIELDS, [item, item])) == [("1", "NotSupportedChoice", "code")]


def test_choices_of_a_field_are_taken_by_name_code_and_number(api: Api) -> None:
    enums = [{"value": "Да", "sort": 1, "code": "yes"}, {"value": "Нет", "sort": 2}]
    item = {"name": "Согласие", "type": "multiselect", "enums": enums}
    (made,) = api.post("/leads/custom_fields", [item]).json()["_embedded"]["custom_fields"]
    numbers = [it["id"] for it in made["enums"]]
    given = [{"enum_code": "yes"}, {"enum_id": numbers[1]}]
    field = {"field_id": made["id"], "values": given}
    lead = api.get(f"/leads/{api.lead(custom_fields_values=[field])}").json()
    assert values(lead, made["id"]) == ["Да", "Нет"]


def test_a_field_is_renamed_and_deleted_with_its_values(api: Api) -> None:
    field = {"field_id": ORDER_FIELD, "values": [{"value": "1"}]}
    lead_id = api.lead(custom_fields_values=[field])
    path = f"/leads/custom_fields/{ORDER_FIELD}"
    api.patch(path, {"name": "Номер"}).raise_for_status()
    shown = api.get(f"/leads/{lead_id}").json()["custom_fields_values"][0]
    assert shown["field_name"] == "Номер"
    assert api.ask("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get(f"/leads/{lead_id}").json()["custom_fields_values"] is None
    assert api.wrong(api.post("/leads", [{"custom_fields_values": [field]}]))


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("numeric", "2.5", "2.5"),
        ("numeric", 3, "3"),
        ("checkbox", True, True),
        ("date", "2026-11-21T00:00:00+05:00", 1795201200),
        ("date", 1795201200, 1795201200),
        ("url", "https://a.test", "https://a.test"),
        ("legal_entity", {"name": "ООО", "vat_id": "1"}, {"name": "ООО", "vat_id": "1"}),
    ],
)
def test_values_come_back_as_amocrm_keeps_them(api: Api, kind: str, given: Any, kept: Any) -> None:
    answered = api.post("/leads/custom_fields", [{"name": kind, "type": kind}])
    (made,) = answered.json()["_embedded"]["custom_fields"]
    field = {"field_id": made["id"], "values": [{"value": given}]}
    lead = api.get(f"/leads/{api.lead(custom_fields_values=[field])}").json()
    assert values(lead, made["id"]) == [kept]
