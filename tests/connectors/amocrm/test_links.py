"""Goods in deals: linked by one request, read again, and what is missing said."""

import json
from typing import Any

import pytest

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import OutcomeUnknown, Rejected

HAL = "application/hal+json"


@pytest.fixture
def shop(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    """Two deals and two goods."""
    known = run(config, "catalogs", {}).data["catalogs"]
    catalog = next(it["id"] for it in known if it["type"] == "products")
    goods = [{"request_id": sku, "sku": sku, "name": sku, "price": "1"} for sku in ("A", "B")]
    asked = {"catalog_id": catalog, "elements": goods, "since": 0}
    ids = run(config, "create_elements", asked).data["ids"]
    leads = [{"request_id": name, "name": name} for name in ("1", "2")]
    deals = run(config, "create_leads", {"leads": leads, "since": 0}).data["ids"]
    return {"catalog": catalog, **ids, **deals}


def link(shop: dict[str, Any], lead: str, element: str, quantity: Any) -> dict[str, Any]:
    named = {"lead_id": shop[lead], "element_id": shop[element], "catalog_id": shop["catalog"]}
    return {**named, "quantity": quantity}


def read(run: Any, config: AmocrmConfig, *leads: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run(config, "read_links", {"lead_ids": [*leads]}).data["links"]
    return found


def test_what_is_linked_is_read_with_its_quantity(
    run: Any, config: AmocrmConfig, shop: dict[str, Any]
) -> None:
    links = [link(shop, "1", "A", "2"), link(shop, "1", "B", "0.350"), link(shop, "2", "A", 3)]
    answer = run(config, "link_elements", {"links": links})
    assert answer.data == {"missing": [], "differing": []}
    found = read(run, config, shop["1"], shop["2"])
    expected = [link(shop, "1", "A", "2"), link(shop, "1", "B", "0.35"), link(shop, "2", "A", "3")]
    assert found == expected
    assert read(run, config, shop["2"]) == expected[2:]
    elements = run(config, "read_lead", {"lead_id": shop["2"]}).data["lead"]["elements"]
    assert elements == [{"id": shop["A"], "catalog_id": shop["catalog"], "quantity": "3"}]


def test_what_is_unlinked_is_gone_and_may_be_unlinked_again(
    run: Any, config: AmocrmConfig, shop: dict[str, Any]
) -> None:
    run(config, "link_elements", {"links": [link(shop, "1", "A", 1), link(shop, "1", "B", 1)]})
    for _ in range(2):
        run(config, "unlink_elements", {"links": [link(shop, "1", "A", 1)]})
    assert read(run, config, shop["1"]) == [link(shop, "1", "B", "1")]


def test_contacts_are_no_goods(run: Any, config: AmocrmConfig) -> None:
    contact = {"request_id": "c", "first_name": "Иван", "phone": "+79990000001"}
    made = run(config, "create_contacts", {"contacts": [contact], "since": 0}).data["ids"]["c"]
    lead = {"request_id": "1", "name": "1", "contact_id": made}
    ids = run(config, "create_leads", {"leads": [lead], "since": 0}).data["ids"]
    assert read(run, config, ids["1"]) == []


def served_links(*links: tuple[int, int, Any]) -> tuple[int, str, bytes]:
    shown = [
        {
            "entity_id": lead,
            "to_entity_id": element,
            "to_entity_type": "catalog_elements",
            "metadata": {"catalog_id": 1, "quantity": quantity, "price_id": None},
        }
        for lead, element, quantity in links
    ]
    return 200, HAL, json.dumps({"_embedded": {"links": shown}}).encode()


def asked(*links: tuple[int, int, str]) -> dict[str, Any]:
    return {
        "links": [
            {"lead_id": lead, "element_id": element, "catalog_id": 1, "quantity": quantity}
            for lead, element, quantity in links
        ]
    }


WANTED = asked((7, 1, "2"), (7, 2, "0.5"), (8, 1, "1"))


def test_what_amocrm_does_not_confirm_is_said(run: Any, served: Any) -> None:
    served.answers = [served_links((7, 1, 5), (8, 1, 1))]
    assert run(served.config(), "link_elements", WANTED).data == {
        "missing": [{"lead_id": 7, "element_id": 2, "catalog_id": 1}],
        "differing": [{"lead_id": 7, "element_id": 1, "catalog_id": 1, "quantity": "5"}],
    }
    what, _, body = served.got[0]
    assert what == "POST /api/v4/leads/link"
    assert [it["metadata"]["quantity"] for it in json.loads(body)] == [2, 0.5, 1]


@pytest.mark.parametrize("answer", [(200, HAL, b"{}"), (204, HAL, b""), served_links()])
def test_an_answer_without_links_has_to_be_looked_up(
    run: Any, served: Any, answer: tuple[int, str, bytes]
) -> None:
    served.answers = [answer]
    with pytest.raises(OutcomeUnknown):
        run(served.config(), "link_elements", WANTED)


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        (((7, 1, 2), (7, 2, 0.5), (8, 1, 1)), []),
        (((7, 2, 0.5), (9, 1, 1)), [(7, 1), (8, 1)]),
        (((9, 1, 2), (9, 2, 1)), None),
        ((), None),
    ],
)
def test_a_look_up_says_which_are_there(
    look_up: Any, served: Any, there: Any, missing: list[tuple[int, int]] | None
) -> None:
    served.answers = [served_links(*there)]
    answer = look_up(served.config(), "link_elements", WANTED)
    if missing is None:
        assert answer is None
    else:
        shown = [(it["lead_id"], it["element_id"]) for it in answer.data["missing"]]
        assert (shown, answer.data["differing"]) == (missing, [])
    assert len(served.got) == 1


def test_fifty_deals_are_one_request(run: Any, served: Any) -> None:
    served.answers = [served_links((1, 1, 1)), served_links((51, 1, 1), (2, 1, 1))]
    found = read(run, served.config(), *range(1, 52))
    assert [it["lead_id"] for it in found] == [1, 51]
    assert [what.count("entity_id") for what, _, _ in served.got] == [50, 1]


@pytest.mark.parametrize("quantity", ["", "много", "NaN", "Infinity"])
def test_a_quantity_is_a_number(run: Any, served: Any, quantity: str) -> None:
    with pytest.raises(Rejected) as caught:
        run(served.config(), "link_elements", asked((7, 1, quantity)))
    assert (caught.value.code, served.got) == ("quantity_not_number", [])
