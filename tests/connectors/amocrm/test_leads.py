"""Deals in the sandbox's account: made once, found by their order's code, moved and read."""

import json
from time import time
from typing import Any

import pytest

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import Rejected

HAL = "application/hal+json"


@pytest.fixture
def code_field(run: Any, config: AmocrmConfig) -> int:
    """A field for the code of an order."""
    made: int = run(config, "create_lead_field", {"name": "Код заказа Kaspi"}).data["id"]
    return made


def order(code: str, **more: Any) -> dict[str, Any]:
    return {"request_id": code, "name": f"Kaspi {code}", "order_code": code, **more}


def create(
    run: Any,
    config: AmocrmConfig,
    field: int | None,
    *leads: dict[str, Any],
    tag: str | None = None,
) -> dict[str, int]:
    asked = {"leads": [*leads], "order_code_field_id": field, "since": 0, "tag": tag}
    ids: dict[str, int] = run(config, "create_leads", asked).data["ids"]
    return ids


def read(run: Any, config: AmocrmConfig, lead_id: int) -> Any:
    return run(config, "read_lead", {"lead_id": lead_id}).data["lead"]


def stages_of(run: Any, config: AmocrmConfig) -> tuple[int, list[int]]:
    """The last pipeline and its stages."""
    pipeline = run(config, "pipelines", {}).data["pipelines"][-1]
    return pipeline["id"], [stage["id"] for stage in pipeline["stages"]]


def test_a_deal_has_its_price_stage_contact_and_tag(
    run: Any, raw: Any, config: AmocrmConfig, code_field: int
) -> None:
    pipeline, stages = stages_of(run, config)
    user = run(config, "users", {}).data["users"][0]["id"]
    contact = {"request_id": "c", "first_name": "Айгерим", "phone": "+77070000001"}
    asked = {"contacts": [contact], "since": 0}
    contact_id = run(config, "create_contacts", asked).data["ids"]["c"]
    given = {"pipeline_id": pipeline, "status_id": stages[1], "responsible_user_id": user}
    lead = order("455", price="12990.50", contact_id=contact_id, **given)
    lead_id = create(run, config, code_field, lead, tag="Kaspi")["455"]
    known = read(run, config, lead_id)
    assert {name: known[name] for name in given} == given
    assert (known["name"], known["price"], known["contacts"]) == ("Kaspi 455", 12991, [contact_id])
    assert (known["elements"], known["updated_at"] >= time() - 600) == ([], True)
    shown = raw(config, "GET", f"/api/v4/leads/{lead_id}", None)
    assert [tag["name"] for tag in shown["_embedded"]["tags"]] == ["Kaspi"]


def test_a_deal_that_nobody_made_is_none(run: Any, config: AmocrmConfig) -> None:
    assert read(run, config, 999_999_999) is None


def test_the_main_contact_comes_first_and_a_deleted_deal_is_none(run: Any, served: Any) -> None:
    contacts = [{"id": 4, "is_main": False}, {"id": 5, "is_main": True}]
    goods = [{"id": 9, "metadata": {"quantity": 0.35, "catalog_id": 3}}]
    lead = {"id": 77, "_embedded": {"contacts": contacts, "catalog_elements": goods}}
    served.answers = [
        (200, HAL, json.dumps(lead).encode()),
        (200, HAL, json.dumps({"id": 77, "is_deleted": True}).encode()),
    ]
    known = read(run, served.config(), 77)
    assert known["contacts"] == [5, 4]
    assert known["elements"] == [{"id": 9, "catalog_id": 3, "quantity": "0.35"}]
    assert known["price"] is None
    assert read(run, served.config(), 77) is None
    assert served.got[0][0] == "GET /api/v4/leads/77?with=contacts,catalog_elements"


def find(run: Any, config: AmocrmConfig, **asked: Any) -> list[int]:
    found = run(config, "find_leads", asked).data["leads"]
    return [lead["id"] for lead in found]


def test_a_deal_is_found_by_the_code_in_its_field_and_by_no_other(
    run: Any, config: AmocrmConfig, code_field: int
) -> None:
    orders = [order("1455"), order("455"), order("4551"), {**order("455"), "request_id": "twin"}]
    ids = create(run, config, code_field, *orders)
    create(run, config, None, {"request_id": "x", "name": "Kaspi 455"})
    by_code = find(run, config, order_code="455", order_code_field_id=code_field)
    assert by_code == [ids["455"], ids["twin"]]


def test_without_a_field_a_deal_is_found_by_its_exact_name(run: Any, config: AmocrmConfig) -> None:
    ids = create(run, config, None, order("455"), order("4551"))
    found = find(run, config, order_code="455", order_code_field_id=None, name="Kaspi 455")
    assert found == [ids["455"]]


def test_the_newest_are_listed_first_and_the_old_ones_not_at_all(
    run: Any, raw: Any, config: AmocrmConfig, code_field: int
) -> None:
    since = int(time()) - 60
    old = [{"name": "старая", "created_at": since - 100}]
    raw(config, "POST", "/api/v4/leads", old)
    ids = create(run, config, code_field, *(order(str(n)) for n in range(250)))
    more = create(run, config, code_field, order("last"))
    seen: list[dict[str, Any]] = []
    for page in (1, 2):
        asked = {"since": since, "page": page, "order_code_field_id": code_field}
        listed = run(config, "list_leads", asked).data
        seen += listed["leads"]
        assert listed["more"] is (page == 1)
    mine = {lead["id"]: lead["order_code"] for lead in seen}
    assert {lead: code for code, lead in (ids | more).items()}.items() <= mine.items()
    assert "старая" not in {lead["name"] for lead in seen}
    times = [lead["created_at"] for lead in seen]
    assert times == sorted(times, reverse=True)


def test_only_what_is_given_changes(run: Any, config: AmocrmConfig) -> None:
    pipeline, stages = stages_of(run, config)
    first = order("1", pipeline_id=pipeline, status_id=stages[1], price=100)
    ids = create(run, config, None, first, order("2", price=200))
    changes = [{"id": ids["1"], "price": "150"}, {"id": ids["2"], "status_id": 143}]
    updated = run(config, "update_leads", {"leads": changes}).data["updated"]
    assert [it["id"] for it in updated] == [ids["1"], ids["2"]]
    one, other = (read(run, config, ids[name]) for name in ("1", "2"))
    assert (one["price"], one["status_id"], one["name"]) == (150, stages[1], "Kaspi 1")
    assert (other["price"], other["status_id"]) == (200, 143)


def test_a_reason_of_loss_goes_out_as_it_is(run: Any, served: Any) -> None:
    served.answers = [(200, HAL, b'{"_embedded": {"leads": [{"id": 7, "updated_at": 5}]}}')]
    change = {"id": 7, "status_id": 143, "pipeline_id": 3, "loss_reason_id": 9, "name": "ignored"}
    answer = run(served.config(), "update_leads", {"leads": [change]})
    assert answer.data == {"updated": [{"id": 7, "updated_at": 5}]}
    what, _, body = served.got[0]
    del change["name"]
    assert (what, json.loads(body)) == ("PATCH /api/v4/leads", [change])


@pytest.mark.parametrize("price", ["", "много", "NaN"])
def test_a_price_is_a_number(run: Any, served: Any, price: str) -> None:
    with pytest.raises(Rejected) as caught:
        create(run, served.config(), None, order("1", price=price))
    assert (caught.value.code, served.got) == ("price_not_number", [])
