"""What is read of an order: numbers, phones, positions, versions."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.connectors.kaspi.poll import parse
from uzel.connectors.kaspi.statuses import MEANINGS
from uzel.errors import PayloadInvalid
from uzel.model.order import Order, OrderState

CONFIG = KaspiConfig.model_validate({"token": "t"})
FETCHED = {"fetchedAt": 1794561000000}


def read(body: Any) -> list[Element]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(Received(data, {}, "", datetime.now(UTC)), CONFIG)


def order_of(body: Any) -> Order:
    (element,) = read(body)
    assert isinstance(element.data, Order), element
    return element.data


def order(entries: list[Any] | None = None, **attributes: Any) -> dict[str, Any]:
    linkage = {} if entries is None else {"data": entries}
    return {
        "type": "orders",
        "id": "NzAwMTAwMDAx",
        "attributes": {"code": "700100001", "status": "APPROVED_BY_BANK", **attributes},
        "relationships": {"entries": {"links": {}, **linkage}},
    }


def link(name: str) -> dict[str, str]:
    return {"type": "orderentries", "id": name}


def entry(name: str, number: int = 0, **attributes: Any) -> dict[str, Any]:
    told = {"entryNumber": number, "quantity": 1, "basePrice": 10.0, "totalPrice": 10.0}
    return {"type": "orderentries", "id": name, "attributes": {**told, **attributes}}


@given(st.decimals(min_value=0, max_value=10**11, places=2))
def test_money_is_what_was_written(amount: Decimal) -> None:
    """As a number, and as the text of one, which is how documents keep it."""
    body = json.dumps({"data": order(totalPrice="HERE")})
    as_number = order_of(body.replace('"HERE"', f"{amount:f}").encode()).total
    as_text = order_of(body.replace("HERE", f"{amount:f}").encode()).total
    assert as_number == as_text
    assert as_number is not None and Decimal(as_number) == amount
    assert "E" not in as_number and not as_number.endswith((".", ".0"))


@pytest.mark.parametrize(
    ("written", "total"),
    [
        *(("2000.0", "2000"), ("96045", "96045"), ("2E+3", "2000"), ("0.30", "0.3"), ("0", "0")),
        *(('"2000.0"', "2000"), ('"1E+3"', "1000"), ("9007199254740993.0", None), ("-1", None)),
        *(('"x"', None), ('"-5"', None), ("true", None), ("null", None), ('"1e99"', None)),
        ("99999999999.99", "99999999999.99"),
    ],
)
def test_totals(written: str, total: str | None) -> None:
    body = json.dumps({"data": order(totalPrice="HERE")}).replace('"HERE"', written)
    assert order_of(body.encode()).total == total


@pytest.mark.parametrize(
    ("cell", "phone"),
    [
        *(("9990000001", "+79990000001"), (9990000001, "+79990000001")),
        *(("79990000001", "79990000001"), ("89990000001", "89990000001")),
        *(("7xx0xxxxxx", "7xx0xxxxxx"), ("+79990000001", "+79990000001")),
        *(("", None), (None, None), (True, None), ([], None), ("999000000", "999000000")),
    ],
)
def test_phones(cell: Any, phone: Any) -> None:
    assert order_of({"data": order(customer={"cellPhone": cell})}).phone == phone


@given(st.from_regex(r"[0-9]{10}", fullmatch=True))
def test_ten_digits_lack_their_country_code_and_nothing_else(digits: str) -> None:
    assert order_of({"data": order(customer={"cellPhone": digits})}).phone == f"+7{digits}"


@pytest.mark.parametrize(
    ("customer", "names"),
    [
        ({"firstName": "Анна", "lastName": "Ким", "name": "А. К."}, ("Анна", "Ким")),
        ({"firstName": None, "lastName": "Ким", "name": "А. К."}, (None, "Ким")),
        ({"firstName": None, "lastName": None, "name": "А. К."}, ("А. К.", None)),
        ({}, (None, None)),
    ],
)
def test_names(customer: dict[str, Any], names: tuple[str | None, str | None]) -> None:
    found = order_of({"data": order(customer=customer)})
    assert (found.first_name, found.last_name) == names


@pytest.mark.parametrize(("status", "state"), MEANINGS.items())
def test_statuses(status: str, state: OrderState) -> None:
    assert order_of({"data": order(status=status)}).state is state


@pytest.mark.parametrize("status", ["WAITING_FOR_PARTNER", "completed", "", None, 5, [], {}])
def test_a_word_that_nobody_knows_means_nothing(status: Any) -> None:
    found = order_of({"data": order(status=status)})
    assert found.state is None
    assert found.status == (status if isinstance(status, str) else "")


def test_positions_are_all_there_or_none() -> None:
    both = [link("e1"), link("e0")]
    whole = {"data": order(both), "included": [entry("e1", 1), entry("e0", 0), entry("e9", 9)]}
    lines = order_of(whole).lines
    assert lines is not None
    assert [line.line for line in lines] == ["e0", "e1"]
    others: tuple[Any, ...] = ([], [entry("e1", 1)], [entry("e1"), {"type": "x"}], None, {})
    for included in others:
        assert order_of({**whole, "included": included}).lines is None


@pytest.mark.parametrize(
    "entries", [None, [], [link("e0"), link("e0")], [link("")], [None], [link("e0"), "e1"]]
)
def test_positions_that_were_not_told_are_unknown(entries: list[Any] | None) -> None:
    assert order_of({"data": order(entries), "included": [entry("e0")]}).lines is None


@pytest.mark.parametrize("quantity", [None, -1, "many", True, []])
def test_a_position_without_a_quantity_is_not_told(quantity: Any) -> None:
    body = {"data": order([link("e0")]), "included": [entry("e0", quantity=quantity)]}
    assert order_of(body).lines is None


def test_positions_that_were_asked_for_singly_stand_beside_the_order() -> None:
    body = {"data": order([link("e0"), link("e1")]), "entries": [entry("e0"), entry("e1", 1)]}
    assert [line.line for line in order_of(body).lines or ()] == ["e0", "e1"]
    assert order_of({**body, "entries": []}).lines is None
    # Beside a list nobody knows whose they are.
    assert order_of({**body, "data": [body["data"]]}).lines is None


def test_an_article_is_named_or_can_be_asked_for() -> None:
    named = entry("e0", offer={"code": 259204, "name": "Линейка"})
    old, unknown = entry("e1", 1), entry("e2", 2)
    old["relationships"] = {"product": {"data": {"type": "masterproducts", "id": "MTA5"}}}
    article = {"type": "masterproducts", "id": "MTA5", "attributes": {"name": "Чайник"}}
    links = [link("e0"), link("e1"), link("e2")]
    body = {"data": order(links), "included": [named, old, unknown, article]}
    assert [(line.sku, line.name, line.product) for line in order_of(body).lines or ()] == [
        ("259204", "Линейка", None),
        (None, "Чайник", "product:MTA5"),
        (None, None, "e2"),
    ]


@pytest.mark.parametrize("code", [None, "", "0", "1234", "x y z w v", "a/b/c/d", True, [], 1.5])
def test_an_order_without_a_number_is_unreadable_and_costs_the_others_nothing(code: Any) -> None:
    bad, good = read({"data": [order(code=code), order()], "meta": FETCHED})
    assert (bad.reason, bad.key, bad.data) == ("order_unreadable", None, None)
    assert good.key == "order:700100001:1794561000000"


@pytest.mark.parametrize(
    "resource",
    [
        *(None, 5, "x", [], {}, {"type": "orders"}, {**order(), "type": "orderentries"}),
        *({**order(), "id": None}, {**order(), "id": ""}, {**order(), "attributes": []}),
    ],
)
def test_what_is_no_order_is_unreadable(resource: Any) -> None:
    assert [element.reason for element in read({"data": [resource]})] == ["order_unreadable"]


@pytest.mark.parametrize("body", [[], 5, None, {}, {"errors": [{"title": "x"}]}, {"meta": {}}])
def test_a_body_without_data_is_refused(body: Any) -> None:
    with pytest.raises(PayloadInvalid):
        read(body)


def test_an_empty_list_tells_of_nothing() -> None:
    assert read({"data": [], "included": [], "meta": {"pageCount": 0, "totalCount": 0}}) == []


def key_of(body: Any) -> str:
    (element,) = read(body)
    assert element.key is not None
    return element.key


def test_a_version_is_known_by_when_it_was_fetched() -> None:
    element = read({"meta": FETCHED, "data": order(creationDate=1794560000123)})[0]
    assert element.key == "order:700100001:1794561000000"
    assert element.occurred_at == datetime(2026, 11, 13, 8, 53, 20, 123000, tzinfo=UTC)
    assert isinstance(element.data, Order)
    assert element.data.told_at == "2026-11-13T09:10:00+00:00"
    assert element.data.created_at == "2026-11-13T08:53:20.123000+00:00"


@pytest.mark.parametrize("fetched", [None, 0, 1794561000, "1794561000000", True, 10**18, [], 1.5])
def test_what_is_no_moment_of_ours_counts_as_none(fetched: Any) -> None:
    told = order_of({"meta": {"fetchedAt": fetched}, "data": order()})
    assert told.told_at is None
    assert key_of({"meta": {"fetchedAt": fetched}, "data": order()}) == key_of({"data": order()})


def test_without_a_moment_a_version_is_known_by_what_matters() -> None:
    included = [entry("e0")]

    def version(entries: list[Any], **attributes: Any) -> str:
        body = {"data": order([link("e0")], **{"totalPrice": 10.0, "state": "NEW", **attributes})}
        return key_of({**body, "included": entries})

    first = version(included)
    # The same told in another way, and what no deal depends on.
    assert version(included, totalPrice="10.00") == first
    assert version(included, assembled=True, plannedDeliveryDate=1794560000000) == first
    others = {
        version(included, totalPrice=11.0),
        version(included, status="CANCELLED"),
        version(included, state="ARCHIVE"),
        version([entry("e0", quantity=2)]),
        version([]),
    }
    assert len(others | {first}) == 6


def test_the_list_and_the_search_by_number_tell_of_the_same_order() -> None:
    data, included = order([link("e0")], totalPrice=10.0), [entry("e0")]
    alone = order_of({"data": data, "included": included})
    listed = order_of({"data": [data], "included": included, "meta": {"pageCount": 1}})
    assert alone == listed
    assert alone.lines is not None
