"""Answers of real accounts, and those of the documentation, as our operations read them."""

import json
from pathlib import Path
from typing import Any

import pytest

from uzel.connectors.amocrm.oauth import OAUTH
from uzel.errors import AuthFailed, Rejected

COLLECTED = Path(__file__).resolve().parents[3] / ".." / "shared" / "samples" / "amocrm"
pytestmark = pytest.mark.skipif(not COLLECTED.is_dir(), reason="the collected samples are not here")
HAL, PROBLEM = "application/hal+json", "application/problem+json"


def recorded(name: str, status: int = 200) -> tuple[int, str, bytes]:
    kind = HAL if status < 300 else PROBLEM
    return status, kind, (COLLECTED / name).read_bytes()


def last_page(name: str) -> tuple[int, str, bytes]:
    """As recorded, without the link to a next page."""
    content = json.loads((COLLECTED / name).read_text())
    content["_links"].pop("next", None)
    return 200, HAL, json.dumps(content).encode()


CREATED: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {
    "api_real/edu_product__successful_create_response.json": (
        "create_elements",
        {
            "catalog_id": 11271,
            "elements": [{"request_id": 0, "sku": "not-hehe", "name": "x", "price": "999.12"}],
        },
        {"0": 14229449},
    ),
    "api_real/edu_customer__successful_create_contact_response.json": (
        "create_contacts",
        {"contacts": [{"request_id": "0", "first_name": "x"}]},
        {"0": 72845935},
    ),
    "api_real/edu_lead_note__successful_create_lead_note_response.json": (
        "add_notes",
        {"notes": [{"request_id": "0", "lead_id": 1781381, "text": "x"}]},
        {"0": 1949919},
    ),
    "docs/crm_platform__contacts-api__04.json": (
        "create_contacts",
        {"contacts": [{"request_id": "0"}, {"request_id": "1"}]},
        {"0": 40401635, "1": 40401636},
    ),
    "docs/crm_platform__leads-api__04.json": (
        "create_leads",
        {"leads": [{"request_id": "1", "name": "x"}, {"request_id": "0", "name": "y"}]},
        {"1": 10185151, "0": 10185153},
    ),
    "docs/crm_platform__catalogs-api__10.json": (
        "create_elements",
        {"catalog_id": 1209, "elements": [{"request_id": "0", "sku": "x", "name": "x"}]},
        {"0": 1163197},
    ),
}


@pytest.mark.parametrize("name", CREATED)
def test_what_was_made_has_its_ids(run: Any, served: Any, name: str) -> None:
    operation, arguments, ids = CREATED[name]
    served.answers = [recorded(name)]
    assert run(served.config(), operation, arguments).data == {"ids": ids}


def test_a_real_element_has_its_sku_and_its_price(run: Any, served: Any) -> None:
    served.answers = [recorded("api_real/edu_product__successful_create_response.json")]
    found = run(served.config(), "find_elements", {"catalog_id": 11271, "sku": "not-hehe"})
    assert found.data["elements"] == [
        {"id": 14229449, "sku": "not-hehe", "name": "PopugFields", "price": "999.12"}
    ]
    own = {"sku_field_id": 2235151, "price_field_id": 2235147}
    found = run(served.config(), "find_elements", {"catalog_id": 11271, "sku": "333", **own})
    assert [it["price"] for it in found.data["elements"]] == ["999.12"]
    served.answers = [recorded("docs/crm_platform__catalogs-api__07.json")]
    listed = run(served.config(), "list_elements", {"catalog_id": 4521, "page": 1}).data
    assert listed["elements"] == [{"id": 525439, "sku": "dsg", "name": "Элемент", "price": "12"}]
    assert listed["more"] is True


def test_real_pipelines_users_lists_and_fields(run: Any, served: Any) -> None:
    served.answers = [recorded("api_real/edu_pipelines__successful_response.json")]
    pipelines = run(served.config(), "pipelines", {}).data["pipelines"]
    assert [it["name"] for it in pipelines if it["is_main"]] == ["b2b"]
    stages = [(it["id"], it["type"]) for it in pipelines[0]["stages"]]
    assert stages[-2:] == [(142, 0), (143, 0)]
    served.answers = [recorded("api_real/edu_user_operator__successful_get_users_response.json")]
    users = run(served.config(), "users", {}).data["users"]
    assert users == [
        {"id": 10450722, "name": "Петруша Иванов", "email": "petrusha@ivanov.ru"},
    ]
    served.answers = [recorded("api_real/edu_catalogs__successful_get_catalogs_response.json")]
    catalogs = run(served.config(), "catalogs", {}).data["catalogs"]
    assert {"id": 11271, "name": "Товары", "type": "products"} in catalogs
    served.answers = [recorded("api_real/edu_catalogs__successful_get_fields_response.json")]
    fields = run(served.config(), "catalog_fields", {"catalog_id": 11271}).data["fields"]
    assert {"id": 2235143, "name": "Артикул", "type": "text", "code": "SKU"} in fields
    served.answers = [last_page("docs/crm_platform__custom-fields__01.json")]
    fields = run(served.config(), "lead_fields", {}).data["fields"]
    assert [(it["id"], it["type"], it["code"]) for it in fields] == [
        (4439091, "text", None),
        (4440043, "date", None),
    ]


def test_contacts_of_the_documentation_are_nobody_without_the_phone(run: Any, served: Any) -> None:
    served.answers = [
        recorded("api_real/krukov_contacts__list_page_1.json"),
        recorded("api_real/krukov_contacts__list_page_2.json"),
    ]
    found = run(served.config(), "find_contacts", {"phone": "+79990000001"})
    assert (found.data, len(served.got)) == ({"contacts": []}, 2)


def test_deals_and_links_of_the_documentation(run: Any, served: Any) -> None:
    served.answers = [recorded("docs/crm_platform__leads-api__01.json")]
    asked = {"since": 0, "page": 2, "order_code_field_id": 5}
    listed = run(served.config(), "list_leads", asked).data
    assert listed["leads"][0] == {
        "id": 19619,
        "name": "Сделка для примера",
        "order_code": None,
        "status_id": 142,
        "pipeline_id": 1300,
        "price": 46333,
        "created_at": 1453279607,
    }
    assert listed["more"] is True
    served.answers = [recorded("docs/crm_platform__leads-api__08.json")]
    changes = [{"id": 54886, "status_id": 143}, {"id": 54884, "price": 50000}]
    assert run(served.config(), "update_leads", {"leads": changes}).data["updated"] == [
        {"id": 54886, "updated_at": 1589556420},
        {"id": 54884, "updated_at": 1589556420},
    ]
    served.answers = [recorded("docs/crm_platform__entity-links-api__07.json")]
    link = {"lead_id": 14158851, "element_id": 10, "catalog_id": 1026, "quantity": "1"}
    done = run(served.config(), "link_elements", {"links": [link]}).data
    assert done == {"missing": [], "differing": []}
    assert run(served.config(), "read_links", {"lead_ids": [14158851]}).data == {"links": [link]}


def test_a_note_of_the_documentation_is_looked_up(look_up: Any, served: Any) -> None:
    content = json.loads((COLLECTED / "docs/crm_platform__events-and-notes__19.json").read_text())
    content["_embedded"]["notes"].reverse()  # the example is of another order than we ask for
    del content["_links"]["next"]
    served.answers = [(200, HAL, json.dumps(content).encode())]
    note = {"request_id": "a", "lead_id": 26050861, "text": "Текст примечания"}
    answer = look_up(served.config(), "add_notes", {"notes": [note]})
    assert answer.data == {"ids": {"a": 42709325}}


def test_real_refusals(run: Any, caller: Any, served: Any) -> None:
    served.answers = [recorded("api_real/error_400_validation.json", 400)]
    arguments = {"leads": [{"request_id": "7", "name": "x", "order_code": "1"}]}
    with pytest.raises(Rejected, match=r"поле 294471: The value") as caught:
        run(served.config(), "create_leads", {**arguments, "order_code_field_id": 294471})
    assert caught.value.code == "NotSupportedChoice:7"
    served.answers = [recorded("api_real/error_401_unauthorized.json", 401)]
    with pytest.raises(AuthFailed, match="Invalid user name"):
        run(served.config(), "create_leads", arguments)
    served.answers = [recorded("api_real/error_oauth_revoked_401.json", 401)]
    with pytest.raises(AuthFailed, match="Token has been revoked"):
        caller(served.config(), OAUTH.renew, "https://uzel.test/", "r")


def test_tokens_of_the_documentation(caller: Any, served: Any) -> None:
    served.answers = [recorded("docs/oauth__step-by-step__04.json")]
    tokens = caller(served.config(), OAUTH.renew, "https://uzel.test/", "r")
    assert (tokens.access, tokens.refresh) == ("xxxxxx", "xxxxx")
