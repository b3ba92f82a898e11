"""Deals in amoCRM in miniature: what is taken, what is refused, what a change leaves as it was."""

from time import time
from typing import Any

import httpx2
import pytest

from connectors.amocrm.sandbox_api import (
    CONTACT_ID,
    FIRST_STAGE,
    LEAD_ID,
    MANAGER,
    NEW_ORDER,
    ORDER_FIELD,
    ORDERS_PIPELINE,
    PIPELINE,
    TAKEN,
    WAY_FIELD,
    Api,
    values,
)

WON, LOST, REASON = 142, 143, 4203748


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    return Api(control)


def of(api: Api, lead_id: int, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/leads/{lead_id}", **query).json()
    return found


def test_the_answer_keeps_the_order_says_ids_only_and_what_it_was_asked_by(api: Api) -> None:
    items = [{"name": "a", "request_id": "order-7"}, {"name": "b"}, {"request_id": "c"}]
    answered = api.post("/leads", items)
    assert answered.headers["content-type"] == "application/hal+json"
    content = answered.json()
    made = content["_embedded"]["leads"]
    assert [it["request_id"] for it in made] == ["order-7", "1", "c"]
    assert set(made[0]) == {"id", "request_id", "_links"}
    href = f"{api.control.base_url}/amocrm/api/v4/leads"
    assert content["_links"]["self"]["href"] == href
    assert made[0]["_links"]["self"]["href"] == f"{href}/{made[0]['id']}"
    assert [of(api, it["id"])["name"] for it in made] == ["a", "b", f"Сделка #{made[2]['id']}"]


def test_a_deal_is_shown_with_all_that_it_has(api: Api) -> None:
    company = api.made("/companies", "companies", {"name": "ООО"})[0]
    fields = [
        {"field_id": ORDER_FIELD, "values": [{"value": "500000001"}]},
        {"field_id": WAY_FIELD, "values": [{"enum_id": 931003}]},
    ]
    embedded = {"contacts": [{"id": CONTACT_ID, "is_main": True}], "companies": [{"id": company}]}
    lead_id = api.lead(
        price=700, custom_fields_values=fields, tags_to_add=[{"name": "Kaspi"}], _embedded=embedded
    )
    lead = of(api, lead_id)
    assert (lead["price"], lead["pipeline_id"], lead["status_id"]) == (700, PIPELINE, FIRST_STAGE)
    assert abs(lead["created_at"] - time()) < 60 and lead["closed_at"] is None
    assert values(lead, ORDER_FIELD) == ["500000001"]
    assert lead["custom_fields_values"][1]["values"] == [
        {"value": "Самовывоз", "enum_id": 931003, "enum_code": None}
    ]
    assert [tag["name"] for tag in lead["_embedded"]["tags"]] == ["Kaspi"]
    assert [it["id"] for it in lead["_embedded"]["companies"]] == [company]
    assert {"contacts", "catalog_elements", "loss_reason"}.isdisjoint(lead["_embedded"])
    more = of(api, lead_id, **{"with": "contacts,catalog_elements"})["_embedded"]
    assert (more["contacts"][0]["id"], more["contacts"][0]["is_main"]) == (CONTACT_ID, True)
    assert more["catalog_elements"] == []


@pytest.mark.parametrize(
    ("item", "code", "path"),
    [
        ({"price": "700"}, "InvalidType", "price"),
        ({"price": 700.5}, "InvalidType", "price"),
        ({"price": True}, "InvalidType", "price"),
        ({"name": 7}, "InvalidType", "name"),
        ({"status_id": "142"}, "InvalidType", "status_id"),
        ({"pipeline_id": 1}, "NotSupportedChoice", "pipeline_id"),
        ({"status_id": 1}, "NotSupportedChoice", "status_id"),
        (
            {"pipeline_id": PIPELINE, "status_id": NEW_ORDER},
            *("NotSupportedChoice", "status_id"),
        ),
        ({"responsible_user_id": 1}, "NotSupportedChoice", "responsible_user_id"),
        ({"responsible_user_id": 0}, "NotSupportedChoice", "responsible_user_id"),
        ({"tags_to_add": [{}]}, "FieldMissing", "tags_to_add.0.name"),
        (
            {"_embedded": {"contacts": [{"id": 5}]}},
            *("NotSupportedChoice", "_embedded.contacts.0.id"),
        ),
        (
            {"custom_fields_values": [{"field_id": 5, "values": [{"value": "x"}]}]},
            *("NotSupportedChoice", "custom_fields_values.0.field_id"),
        ),
        (
            {"custom_fields_values": [{"field_code": "X", "values": [{"value": "x"}]}]},
            *("NotSupportedChoice", "custom_fields_values.0.field_code"),
        ),
        (
            {"custom_fields_values": [{"values": []}]},
            *("FieldMissing", "custom_fields_values.0.field_id"),
        ),
        (
            {"custom_fields_values": [{"field_id": WAY_FIELD, "values": [{"value": "Почта"}]}]},
            *("NotSupportedChoice", "custom_fields_values.0.values.0.value"),
        ),
        (
            {"custom_fields_values": [{"field_id": WAY_FIELD, "values": [{"enum_id": 1}]}]},
            *("NotSupportedChoice", "custom_fields_values.0.values.0.enum_id"),
        ),
        (
            {"custom_fields_values": [{"field_id": 752015, "values": [{"value": "много"}]}]},
            *("InvalidType", "custom_fields_values.0.values.0.value"),
        ),
    ],
)
def test_one_wrong_value_refuses_the_whole_body(
    api: Api, item: dict[str, Any], code: str, path: str
) -> None:
    body = [{"name": "right"}, {**item, "request_id": "wrong"}]
    assert api.wrong(api.post("/leads", body)) == [("wrong", code, path)]
    assert [it["id"] for it in api.found("/leads", "leads")] == [LEAD_ID]


def test_every_wrong_item_is_named(api: Api) -> None:
    body = [{"price": "1", "name": 5}, {"price": 1}, {"status_id": 1}]
    assert api.wrong(api.post("/leads", body)) == [
        ("0", "InvalidType", "name"),
        ("0", "InvalidType", "price"),
        ("2", "NotSupportedChoice", "status_id"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ([], 400, "Request data can't be blank"),
        ({"name": "one"}, 400, "Invalid request body"),
        (["x"], 400, "Invalid request body"),
        ([{}] * 251, 422, "Limit 250 per page"),
    ],
)
def test_a_body_of_another_form_is_refused(api: Api, body: Any, status: int, detail: str) -> None:
    answered = api.post("/leads", body)
    assert (answered.status_code, answered.json()["detail"]) == (status, detail)


def test_two_hundred_and_fifty_are_taken_at_once(api: Api) -> None:
    assert len(api.made("/leads", "leads", *[{"name": str(nth)} for nth in range(250)])) == 250


def test_a_pipeline_without_a_stage_means_its_first(api: Api) -> None:
    lead = of(api, api.lead(pipeline_id=ORDERS_PIPELINE))
    assert (lead["pipeline_id"], lead["status_id"]) == (ORDERS_PIPELINE, NEW_ORDER)
    api.patch(f"/leads/{lead['id']}", {"pipeline_id": PIPELINE}).raise_for_status()
    assert of(api, lead["id"])["status_id"] == FIRST_STAGE


def test_a_stage_without_a_pipeline_is_one_of_the_pipeline_it_is_in(api: Api) -> None:
    lead_id = api.lead(status_id=NEW_ORDER)
    assert of(api, lead_id)["pipeline_id"] == ORDERS_PIPELINE
    api.patch("/leads", [{"id": lead_id, "status_id": TAKEN}]).raise_for_status()
    answered = api.patch(f"/leads/{lead_id}", {"status_id": FIRST_STAGE})
    assert api.wrong(answered) == [("0", "NotSupportedChoice", "status_id")]
    assert of(api, lead_id)["status_id"] == TAKEN


def test_won_and_lost_are_in_every_pipeline_and_close_a_deal(api: Api) -> None:
    lead_id = api.lead(pipeline_id=ORDERS_PIPELINE)
    api.patch(f"/leads/{lead_id}", {"status_id": WON}).raise_for_status()
    won = of(api, lead_id)
    assert (won["status_id"], won["pipeline_id"]) == (WON, ORDERS_PIPELINE)
    assert won["closed_at"] == won["updated_at"]
    api.patch(f"/leads/{lead_id}", {"status_id": TAKEN}).raise_for_status()
    assert of(api, lead_id)["closed_at"] is None


def test_only_a_lost_deal_has_a_reason(api: Api) -> None:
    lead_id = api.lead()
    answered = api.patch("/leads", [{"id": lead_id, "loss_reason_id": REASON}])
    assert answered.status_code == 400
    told = "Loss reason can be specified only for lost lead"
    assert answered.json()["errors"] == {str(lead_id): told}
    change = {"status_id": LOST, "loss_reason_id": REASON}
    api.patch(f"/leads/{lead_id}", change).raise_for_status()
    lost = of(api, lead_id, **{"with": "loss_reason"})
    assert lost["_embedded"]["loss_reason"][0]["name"] == "Пропала потребность"
    api.patch(f"/leads/{lead_id}", {"status_id": FIRST_STAGE}).raise_for_status()
    assert of(api, lead_id)["loss_reason_id"] is None


def test_a_change_leaves_what_it_does_not_name(api: Api) -> None:
    field = {"field_id": ORDER_FIELD, "values": [{"value": "1"}]}
    lead_id = api.lead(name="a", price=5, custom_fields_values=[field])
    way = {"field_id": WAY_FIELD, "values": [{"value": "Курьер"}]}
    answered = api.patch("/leads", [{"id": lead_id, "custom_fields_values": [way]}])
    (changed,) = answered.json()["_embedded"]["leads"]
    assert (changed["id"], changed["request_id"]) == (lead_id, "0")
    lead = of(api, lead_id)
    assert (lead["name"], lead["price"], lead["updated_at"]) == ("a", 5, changed["updated_at"])
    assert (values(lead, ORDER_FIELD), values(lead, WAY_FIELD)) == (["1"], ["Курьер"])
    emptied = [{"field_id": ORDER_FIELD, "values": None}]
    api.patch(f"/leads/{lead_id}", {"custom_fields_values": emptied}).raise_for_status()
    assert values(of(api, lead_id), ORDER_FIELD) == []


def test_tags_are_added_taken_away_and_replaced(api: Api) -> None:
    lead_id = api.lead(tags_to_add=[{"name": "a"}, {"name": "b"}])

    def after(**change: Any) -> list[str]:
        api.patch(f"/leads/{lead_id}", change).raise_for_status()
        return [tag["name"] for tag in of(api, lead_id)["_embedded"]["tags"]]

    assert after(tags_to_add=[{"name": "c"}], tags_to_delete=[{"name": "a"}]) == ["b", "c"]
    assert after(_embedded={"tags": [{"name": "d"}]}) == ["d"]
    assert after(price=1) == ["d"]
    assert after(_embedded={"tags": None}) == []
    assert {tag["name"] for tag in api.found("/leads/tags", "tags")} == {"a", "b", "c", "d"}


@pytest.mark.parametrize("item", [{"id": 5}, {"price": 1}, {"id": "7"}])
def test_a_change_of_what_is_not_there_changes_nothing(api: Api, item: dict[str, Any]) -> None:
    body = [{"id": LEAD_ID, "price": 1}, item]
    assert [path for _, _, path in api.wrong(api.patch("/leads", body))] == ["id"]
    assert of(api, LEAD_ID)["price"] == 1290


def test_a_deal_that_is_not_there_is_204_to_read_and_404_to_change(api: Api) -> None:
    assert api.get("/leads/5").status_code == 204
    assert api.patch("/leads/5", {"price": 1}).status_code == 404


def test_there_is_no_way_to_delete_a_deal(api: Api) -> None:
    assert api.ask("DELETE", f"/leads/{LEAD_ID}").status_code == 405
    assert api.ask("DELETE", "/leads").status_code == 405


def test_a_deleted_deal_is_gone_from_everywhere_but_the_bin(api: Api) -> None:
    lead_id = api.lead(name="gone")
    api.door("/_delete", id=lead_id)
    assert api.get(f"/leads/{lead_id}").status_code == 204
    assert api.found("/leads", "leads", query="gone") == []
    (left,) = api.found("/leads", "leads", **{"with": "only_deleted"})
    assert (left["id"], left["is_deleted"]) == (lead_id, True)
    assert api.wrong(api.patch("/leads", [{"id": lead_id, "price": 1}]))
    api.door("/_delete", id=lead_id, restore=True)
    assert of(api, lead_id)["name"] == "gone"


def test_the_robot_may_make_and_change_a_deal(api: Api) -> None:
    lead_id = api.lead(created_by=0, responsible_user_id=MANAGER)
    api.patch("/leads", [{"id": lead_id, "price": 1, "updated_by": 0}]).raise_for_status()
    lead = of(api, lead_id)
    assert (lead["created_by"], lead["updated_by"]) == (0, 0)
    assert lead["responsible_user_id"] == MANAGER


def test_a_deal_its_contact_and_its_company_are_made_in_one_go(api: Api) -> None:
    phone = {"field_code": "PHONE", "values": [{"value": "+77010000077", "enum_code": "MOB"}]}
    body = [
        {
            "name": "complex",
            "request_id": "r",
            "_embedded": {
                "contacts": [{"first_name": "Айгерим", "custom_fields_values": [phone]}],
                "companies": [{"name": "ООО"}],
            },
        },
        {"_embedded": {"contacts": [{"id": CONTACT_ID}]}},
    ]
    first, second = api.post("/leads/complex", body).json()
    assert (first["request_id"], first["merged"], second["company_id"]) == (["r"], False, None)
    assert second["contact_id"] == CONTACT_ID
    contact = api.get(f"/contacts/{first['contact_id']}", **{"with": "leads"}).json()
    assert values(contact, "PHONE") == ["+77010000077"]
    assert [it["id"] for it in contact["_embedded"]["leads"]] == [first["id"]]
    assert [it["id"] for it in contact["_embedded"]["companies"]] == [first["company_id"]]


def test_what_is_wrong_inside_of_a_complex_deal_is_named_there(api: Api) -> None:
    contact = {"responsible_user_id": 1}
    body = [{"_embedded": {"contacts": [contact]}}]
    path = "_embedded.contacts.0.responsible_user_id"
    assert api.wrong(api.post("/leads/complex", body)) == [("0", "NotSupportedChoice", path)]
    assert api.post("/leads/complex", [{}] * 51).status_code == 422
    assert len(api.found("/contacts", "contacts")) == 1
