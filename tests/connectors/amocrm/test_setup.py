"""What a person chooses from, and the fields that are made for them."""

import json
from typing import Any

import pytest

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import OutcomeUnknown, Rejected

HAL = "application/hal+json"


def hal(name: str, *found: dict[str, Any], more: bool = False) -> tuple[int, str, bytes]:
    links = {"next": {"href": "x"}} if more else {}
    return 200, HAL, json.dumps({"_links": links, "_embedded": {name: found}}).encode()


def test_pipelines_have_their_stages_in_order(run: Any, config: AmocrmConfig) -> None:
    found = run(config, "pipelines", {}).data["pipelines"]
    assert sum(pipeline["is_main"] for pipeline in found) == 1
    for pipeline in found:
        sorts = [stage["sort"] for stage in pipeline["stages"]]
        assert sorts == sorted(sorts)
        assert {142, 143} <= {stage["id"] for stage in pipeline["stages"]}
        assert {stage["type"] for stage in pipeline["stages"]} <= {0, 1}


def test_users_and_lists_of_the_account(run: Any, config: AmocrmConfig) -> None:
    users = run(config, "users", {}).data["users"]
    assert {*users[0]} == {"id", "name", "email"}
    catalogs = run(config, "catalogs", {}).data["catalogs"]
    assert "products" in {catalog["type"] for catalog in catalogs}


def test_goods_have_an_sku_and_a_price(run: Any, config: AmocrmConfig) -> None:
    catalogs = run(config, "catalogs", {}).data["catalogs"]
    goods = next(it["id"] for it in catalogs if it["type"] == "products")
    fields = run(config, "catalog_fields", {"catalog_id": goods}).data["fields"]
    assert {"SKU", "PRICE"} <= {field["code"] for field in fields}


def test_a_field_that_is_made_is_among_all_of_them(
    run: Any, look_up: Any, raw: Any, config: AmocrmConfig
) -> None:
    many = [{"name": f"Поле {n}", "type": "text"} for n in range(60)]
    for begin in (0, 30):
        raw(config, "POST", "/api/v4/leads/custom_fields", many[begin : begin + 30])
    asked = {"name": "Код заказа Kaspi"}
    assert look_up(config, "create_lead_field", asked) is None
    answer = run(config, "create_lead_field", asked)
    fields = run(config, "lead_fields", {}).data["fields"]
    mine = next(field for field in fields if field["name"] == asked["name"])
    assert (mine["id"], mine["type"]) == (answer.data["id"], "text")
    assert answer.reference == str(mine["id"])
    assert look_up(config, "create_lead_field", asked) == answer


def test_fields_come_fifty_at_a_time(run: Any, served: Any) -> None:
    first = [{"id": n, "name": str(n), "type": "text", "code": None} for n in range(1, 51)]
    served.answers = [
        hal("custom_fields", *first, more=True),
        hal("custom_fields", {"id": 51, "name": "51", "type": "text"}),
    ]
    assert len(run(served.config(), "lead_fields", {}).data["fields"]) == 51
    assert [what.partition("?")[2] for what, _, _ in served.got] == [
        "limit=50&page=1",
        "limit=50&page=2",
    ]


def test_fields_of_a_list_are_made_together_and_looked_up_by_name(
    run: Any, look_up: Any, served: Any
) -> None:
    fields = [{"name": "Артикул", "type": "text", "code": "SKU"}, {"name": "Цена", "type": "price"}]
    asked = {"catalog_id": 5, "fields": fields}
    sku, price = {"id": 1, "name": "Артикул"}, {"id": 2, "name": "Цена"}
    served.answers = [hal("custom_fields", price, sku), hal("custom_fields", price)]
    answer = run(served.config(), "create_catalog_fields", asked)
    assert answer.data == {"ids": {"Артикул": 1, "Цена": 2}}
    assert json.loads(served.got[0][2]) == fields
    partly = look_up(served.config(), "create_catalog_fields", asked)
    assert partly.data == {"ids": {"Цена": 2}}


def test_an_answer_without_the_field_has_to_be_looked_up(run: Any, served: Any) -> None:
    served.answers = [hal("custom_fields", {"id": 1, "name": "Другое"})]
    with pytest.raises(OutcomeUnknown):
        run(served.config(), "create_lead_field", {"name": "Код"})


def test_a_field_that_amocrm_refuses_is_named(run: Any, config: AmocrmConfig) -> None:
    catalogs = run(config, "catalogs", {}).data["catalogs"]
    asked = {"catalog_id": catalogs[0]["id"], "fields": [{"name": "Код", "type": "нет такого"}]}
    with pytest.raises(Rejected, match=r"1 из 1 \(Код\)"):
        run(config, "create_catalog_fields", asked)
