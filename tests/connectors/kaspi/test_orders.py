"""What is read from Kaspi."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uzel.connector import Received
from uzel.connectors.kaspi.api import writable
from uzel.connectors.kaspi.miniature import encoded
from uzel.connectors.kaspi.orders import LONGEST_WINDOW_MS, documents
from uzel.connectors.kaspi.poll import parse
from uzel.errors import (
    ContractBroken,
    Rejected,
)
from uzel.kit.body import read_json

NOW_MS = 1794560000000


WINDOW = {"state": "NEW", "since_ms": NOW_MS - 1000, "until_ms": NOW_MS, "page": 0}


EMPTY = {"data": [], "included": [], "meta": {"pageCount": 0, "totalCount": 0}}


def asked(served: Any, place: int = -1) -> tuple[str, dict[str, str]]:
    """Method and path, and the query, of a request."""
    method, target = served.got[place][0].split(" ", 1)
    url = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(url.query, True).items()}
    return f"{method} {url.path}", query


def order(code: str, **attributes: Any) -> dict[str, Any]:
    return {"type": "orders", "id": encoded(code), "attributes": {"code": code, **attributes}}


def test_a_list_is_asked_for_as_documented(client: Any, served: Any) -> None:
    served.give({**EMPTY, "meta": {"pageCount": 7, "totalCount": 650}})
    answer = client.run(served.config(), "orders", **{**WINDOW, "page": 3, "status": "RETURNED"})
    assert answer.data == {"orders": [], "pages": 7}
    assert asked(served) == (
        "GET /orders",
        {
            "page[number]": "3",
            "page[size]": "100",
            "filter[orders][state]": "NEW",
            "filter[orders][creationDate][$ge]": f"{NOW_MS - 1000}",
            "filter[orders][creationDate][$le]": f"{NOW_MS}",
            "include[orders]": "entries",
            "filter[orders][status]": "RETURNED",
        },
    )


def test_the_test_button_asks_for_one_order_of_the_last_hour(client: Any, served: Any) -> None:
    served.give({**EMPTY, "meta": {"pageCount": 4, "totalCount": 4}})
    assert client.run(served.config(), "check").data == {"new": 4}
    _, query = asked(served)
    assert (query["page[size]"], query["filter[orders][state]"]) == ("1", "NEW")
    span = [int(query[f"filter[orders][creationDate][{side}]"]) for side in ("$ge", "$le")]
    assert span[1] - span[0] == 3600 * 1000


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        *(({"state": "OPEN"}, "state"), ({"state": None}, "state"), ({"state": []}, "state")),
        *(({"page": -1}, "page"), ({"page": "0"}, "page"), ({"page": True}, "page")),
        *(({"status": "new"}, "status"), ({"status": 5}, "status")),
        *(({"since_ms": NOW_MS + 1}, "window"), ({"until_ms": None}, "window")),
        ({"since_ms": NOW_MS - LONGEST_WINDOW_MS - 1}, "window_too_long"),
    ],
)
def test_what_kaspi_would_refuse_is_not_asked_for(
    client: Any, served: Any, wrong: dict[str, Any], code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        client.run(served.config(), "orders", **{**WINDOW, **wrong})
    assert (caught.value.code, served.got) == (code, [])


def test_a_window_of_exactly_14_days_is_asked_for(client: Any, served: Any) -> None:
    served.give(EMPTY)
    client.run(served.config(), "orders", **{**WINDOW, "since_ms": NOW_MS - LONGEST_WINDOW_MS})
    assert len(served.got) == 1


@pytest.mark.parametrize(("number", "pages"), [(0, 1), (100, 2)])
def test_without_a_count_a_full_page_is_not_the_last(
    client: Any, served: Any, number: int, pages: int
) -> None:
    served.give({"data": [order(f"7001{place:05d}") for place in range(number)]})
    assert client.run(served.config(), "orders", **WINDOW).data["pages"] == pages


def test_numbers_of_a_document_are_as_they_were_written(client: Any, served: Any) -> None:
    number = "1234567890123456789.1000000000000000001"
    body = json.dumps({"data": [order("700100001", totalPrice="HERE", weight=0.1, count=3)]})
    served.answers = [(200, body.replace('"HERE"', number).encode())]
    (found,) = client.run(served.config(), "orders", **WINDOW).data["orders"]
    attributes = found["data"]["attributes"]
    assert (attributes["totalPrice"], attributes["weight"]) == (number, "0.1")
    assert attributes["count"] == 3


@given(
    total=st.decimals(min_value=0, max_value=10**9, places=2),
    quantities=st.lists(st.decimals(min_value=0, max_value=99, places=3), min_size=1, max_size=3),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_document_means_what_the_answer_meant(total: Any, quantities: list[Any]) -> None:
    """Whether an order is read from Kaspi's own answer or from what was kept of it."""
    entries = [
        {
            "type": "orderentries",
            "id": f"entry-{place}",
            "attributes": {"quantity": f"@{quantity:f}@", "entryNumber": place},
        }
        for place, quantity in enumerate(quantities)
    ]
    linkage = [{"type": "orderentries", "id": it["id"]} for it in entries]
    made = order("700100001", totalPrice=f"@{total:f}@")
    made["relationships"] = {"entries": {"data": linkage}}
    body = json.dumps({"data": [made], "included": entries})
    body = body.replace('"@', "").replace('@"', "")
    (document,) = documents(writable(read_json(body.encode())))
    whole, kept = (
        parse(Received(text.encode(), {}, "", datetime.now(UTC)), None)  # type: ignore[arg-type]
        for text in (body, json.dumps(document))
    )
    assert whole == kept
    assert whole[0].data is not None


def test_a_document_has_what_was_included_for_its_order(client: Any, served: Any) -> None:
    def entry(name: str, master: str) -> dict[str, Any]:
        product = {"data": {"type": "masterproducts", "id": master}}
        return {"type": "orderentries", "id": name, "relationships": {"product": product}}

    def linked(code: str, *names: str) -> dict[str, Any]:
        data = [{"type": "orderentries", "id": name} for name in names]
        return {**order(code), "relationships": {"entries": {"data": data}}}

    article = {"type": "masterproducts", "id": "m1"}
    buyer = {"type": "customers", "id": encoded("9990000001")}
    served.give(
        {
            "data": [linked("700100001", "a", "b"), linked("700100002", "c"), None],
            "included": [entry("c", "m2"), entry("a", "m1"), article, buyer, {"type": []}, 5],
        }
    )
    found = client.run(served.config(), "orders", **WINDOW).data["orders"]
    names = [[it["id"] for it in document["included"]] for document in found]
    assert names == [["a", "m1"], ["c"], []]
    assert found[2] == {"data": None, "included": []}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ([order("700100001")], "700100001"),
        ([order("700100002"), order("700100001")], "700100001"),
        ([order("700100002")], None),
        ([], None),
    ],
)
def test_the_search_by_number_gives_that_number_or_nothing(
    client: Any, served: Any, data: list[Any], found: str | None
) -> None:
    served.give({**EMPTY, "data": data})
    document = client.run(served.config(), "order", code="700100001").data["order"]
    assert (document and document["data"]["attributes"]["code"]) == found
    assert asked(served)[1] == {
        "filter[orders][code]": "700100001",
        "include[orders]": "entries",
    }


@pytest.mark.parametrize("code", ["", None, 700100001, "1", "a b", "7" * 65])
def test_what_is_no_number_is_not_searched_for(client: Any, served: Any, code: Any) -> None:
    with pytest.raises(Rejected) as caught:
        client.run(served.config(), "order", code=code)
    assert (caught.value.code, served.got) == ("code", [])


def page(*names: str, **meta: int) -> dict[str, Any]:
    return {"data": [{"type": "orderentries", "id": name} for name in names], "meta": meta}


def test_positions_are_read_page_by_page_and_ids_are_encoded(client: Any, served: Any) -> None:
    served.give(page("a", "b", pageCount=2), page("c", pageCount=2))
    found = client.run(served.config(), "entries", order="Mj/Aw+NTc=").data["entries"]
    assert [entry["id"] for entry in found] == ["a", "b", "c"]
    assert [asked(served, place)[1]["page[number]"] for place in (0, 1)] == ["0", "1"]
    assert served.got[0][0].startswith("GET /orders/Mj%2FAw%2BNTc%3D/entries?")


def test_who_knows_no_pages_is_not_asked_for_ever(client: Any, served: Any) -> None:
    served.give(page(*(f"e{place}" for place in range(100))))
    found = client.run(served.config(), "entries", order="MTIz").data["entries"]
    assert (len(found), len(served.got)) == (100, 2)


def test_pages_that_never_end_are_a_broken_contract(client: Any, served: Any) -> None:
    served.give(*(page(f"e{place}", pageCount=999) for place in range(60)))
    with pytest.raises(ContractBroken):
        client.run(served.config(), "entries", order="MTIz")


def test_an_article_takes_two_requests_by_position_and_one_by_product(
    client: Any, served: Any
) -> None:
    master = {"data": {"type": "masterproducts", "id": "MTA5=", "attributes": {"name": "Чайник"}}}
    merchant = {"data": {"type": "merchantproducts", "attributes": {"code": 259204}}}
    served.give(master, merchant)
    found = client.run(served.config(), "product", line="NzAw==").data
    assert found == {"sku": "259204", "name": "Чайник"}
    assert [what for what, _, _ in served.got] == [
        "GET /orderentries/NzAw%3D%3D/product",
        "GET /masterproducts/MTA5%3D/merchantProduct",
    ]
    served.got.clear()
    served.give({"data": {"attributes": {"code": "A-1", "name": "Лампа"}}})
    found = client.run(served.config(), "product", line="product:MTA5=").data
    assert found == {"sku": "A-1", "name": "Лампа"}
    assert [what for what, _, _ in served.got] == ["GET /masterproducts/MTA5%3D/merchantProduct"]


def test_an_article_that_the_merchant_has_no_more_is_nameless(client: Any, served: Any) -> None:
    served.give({"data": None, "included": []})
    found = client.run(served.config(), "product", line="product:MTA5").data
    assert found == {"sku": None, "name": None}


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {}}, {"errors": []}, []])
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        *(("check", {}), ("orders", WINDOW), ("order", {"code": "700100001"})),
        *(("entries", {"order": "MTIz"}), ("product", {"line": "MTIz"})),
    ],
)
def test_an_answer_of_another_form_is_a_broken_contract(
    client: Any, served: Any, operation: str, arguments: dict[str, Any], answer: Any
) -> None:
    served.give(answer)
    with pytest.raises(ContractBroken):
        client.run(served.config(), operation, **arguments)
