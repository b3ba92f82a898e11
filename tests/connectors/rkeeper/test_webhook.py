"""r_keeper's webhook: which orders become visits, and what is said of the rest."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.rkeeper import CONNECTOR
from uzel.connectors.rkeeper.config import CANCELLED, COMPLETED, IGNORED, RkeeperConfig
from uzel.connectors.rkeeper.statuses import normal
from uzel.connectors.rkeeper.webhook import parse
from uzel.errors import PayloadInvalid
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.unmapped import Unmapped
from uzel.model.visit import Visit, VisitState

RECEIVED_AT = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
RESTAURANT = "5f0b1c62-7d3e-4a89-b0c1-d2e3f4a5b601"
ORDER_ID = "c4d9e8f7-1a2b-4c3d-8e4f-000000000001"
KEY = f"visit:{ORDER_ID}:completed"
GUEST = "+79990000001"
OWN_WORDS = {normal(word) for word in (*COMPLETED, *CANCELLED, *IGNORED)}


def read(body: Any, config: RkeeperConfig | None = None) -> list[Element]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(Received(raw, {}, "", RECEIVED_AT), config or RkeeperConfig.model_construct())


def read_one(body: Any, config: RkeeperConfig | None = None) -> Element:
    (element,) = read(body, config)
    return element


def order(status: Any = "Выполнен", **fields: Any) -> dict[str, Any]:
    return {
        "orderId": "70401",
        "id": ORDER_ID,
        "restaurantId": RESTAURANT,
        "orderStatusName": status,
        "guest": {"phone": GUEST, "firstName": "Мария"},
        **fields,
    }


def white_server(status: Any, kind: Any = "OrderStatusChanged", **response: Any) -> dict[str, Any]:
    return {
        "responseEventCommon": {"objectId": 199990321, "eventType": kind},
        "response": {"orderGuid": ORDER_ID, "status": status, **response},
    }


def test_delivered_and_then_completed_are_one_visit() -> None:
    delivered, completed = read_one(order("Доставлен")), read_one(order())
    assert delivered == completed
    assert (completed.type, completed.key, completed.reason) == ("visit.completed", KEY, None)
    assert completed.subject == "заказ 70401"
    assert completed.data == Visit(
        VisitState.COMPLETED, ORDER_ID, place=RESTAURANT, phone=GUEST, name="Мария"
    )


@pytest.mark.parametrize("status", ["Отменен", "Отменён", "CANCELLED", "RestaurantCancelled"])
def test_a_cancellation_names_the_same_visit_and_may_come_again(status: str) -> None:
    off = read_one(order(status))
    assert (off.type, off.key, off.reason) == ("visit.cancelled", None, None)
    assert isinstance(off.data, Visit)
    assert (off.data.visit, off.data.state) == (ORDER_ID, VisitState.CANCELLED)
    assert off.data.note == "cancelled"


def test_a_cancellation_needs_no_phone() -> None:
    assert read_one(order("Отменен", guest=None)).reason is None


@given(
    word=st.text(min_size=1, max_size=40),
    number=st.none() | st.integers(20, 10**6),
    told=st.sampled_from(["completed", "cancelled", "ignored"]),
)
def test_a_renamed_status_is_asked_about_and_then_means_what_was_told(
    word: str, number: int | None, told: str
) -> None:
    body = order(word, orderStatusId=number)
    element = read_one(body)
    if not isinstance(element.data, Unmapped):
        # No word at all, or one of r_keeper's own.
        assert normal(word) in OWN_WORDS | {""} or element.reason == "status_missing"
        return
    assert (element.type, element.reason) == ("order.updated", "status_unknown")
    assert element.key is None
    field = CONNECTOR.meanings[told]
    words = (*RkeeperConfig.model_fields[field].default, element.data.word)
    element = read_one(body, RkeeperConfig.model_construct(None, **{field: words}))
    assert (element.type, element.key, element.reason) == {
        "completed": ("visit.completed", KEY, None),
        "cancelled": ("visit.cancelled", None, None),
        "ignored": ("order.updated", None, "status_not_completed"),
    }[told]


def test_meanings_name_lists_of_words_in_the_settings() -> None:
    assert set(CONNECTOR.meanings) == {"completed", "cancelled", "ignored"}
    for field in CONNECTOR.meanings.values():
        assert getattr(CONNECTOR.config(), field)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (order("Готовится"), "status_not_completed"),
        (order("Processing"), "status_not_completed"),
        (order("Отдан"), "status_unknown"),
        (order(None, orderStatusId=11), "status_unknown"),
        (order(None), "status_missing"),
        (order(True), "status_missing"),
        ({}, "status_missing"),
        ({"order": {}}, "status_missing"),
        ({"data": []}, "status_missing"),
        (order(guest=None), "no_phone"),
        (order(guest={"phone": " \u0000"}), "no_phone"),
        (order(guest={"phone": [GUEST]}), "no_phone"),
        (order(guest=None, id=None, orderId=None), "no_phone"),
        (order(id=None, orderId=None), "order_id_missing"),
        (order("Отменен", id="x", orderId=0), "order_id_missing"),
        ({"data": ["text"]}, "element_invalid"),
        (white_server(None), "status_missing"),
        (white_server({"value": "Created"}), "status_not_completed"),
        (white_server({"value": "Complited"}), "no_phone"),
        (white_server({"value": "IssuedOut"}, "OrderChanged", waiter="Олег"), "no_phone"),
        (white_server({"value": "Served"}), "status_unknown"),
        (white_server({"value": "Complited"}, "StopListChanged"), "event_type"),
        (white_server({"value": "Complited"}, None), "event_type"),
        ({"responseEventCommon": {"eventType": "OrderChanged"}, "response": []}, "status_missing"),
    ],
)
def test_reasons(body: Any, reason: str) -> None:
    element = read_one(body)
    assert (element.reason, element.key) == (reason, None)
    assert read_one([body]) == element


@pytest.mark.parametrize("item", [None, 7, "text", [order()]])
def test_what_is_no_object_costs_its_neighbours_nothing(item: Any) -> None:
    first, second = read([item, order()])
    assert (first.type, first.reason) == ("unknown.received", "element_invalid")
    assert second.key == KEY


def test_white_server_tells_of_a_till() -> None:
    off = read_one(white_server({"value": "Canceled"}))
    assert (off.type, off.key, off.reason) == ("visit.cancelled", None, None)
    assert off.data == Visit(VisitState.CANCELLED, ORDER_ID, place="199990321", note="cancelled")
    assert off.subject == "заказ c4d9e8f7"


def test_an_order_of_white_server_s_without_a_guid_is_known_by_its_number() -> None:
    body = white_server({"value": "Complited"}, orderGuid=None, originalOrderId="70401")
    visit = read_one(body).data
    assert isinstance(visit, Visit) and visit.visit == "199990321:70401"


@pytest.mark.parametrize("phone", ["77777777777", "+77777777777", 77777777777])
def test_the_number_of_the_vendor_s_example_is_a_fake(phone: Any) -> None:
    visit = read_one(order(guest={"phone": phone})).data
    assert isinstance(visit, Visit)
    with pytest.raises(PhoneRejected, match="phone_fake"):
        parse_phone(visit.phone)


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Event EventType="&b;">"""
    + b"<x>" * 100_000
)


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        (b'<Event EventGuid="1" EventType="OrdersChanged"/>', "Event OrdersChanged"),
        (b'\xef\xbb\xbf \r\n<?xml version="1.0"?>\n<RK7Query>\n<a name="Save Order">', None),
        (b"<RK7Query><a name='Close Order'>", "RK7Query Close Order"),
        ("<Заказ/>".encode("cp1251"), ""),
        (b"<", ""),
        (b"<!DOCTYPE html><html><body>", "html"),
        (b'<Event EventType="\x00\x01">', "Event"),
        (BOMB, "Event &b;"),
        (b"<" * 200_000, ""),
        (b"<A" + b' name="' * 200_000, "A name="),
    ],
)
def test_xml_is_recognised_and_not_read(body: bytes, subject: str | None) -> None:
    (element,) = read(body)
    assert (element.reason, element.key, element.data) == ("unsupported_xml", None, None)
    assert element.subject == ("RK7Query Save Order" if subject is None else subject or None)


@pytest.mark.parametrize("body", [b"null", b"1", b'"text"', b"true", b"[", b"", b"a=b"])
def test_only_an_object_or_an_array_can_be_read(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read(body)


def test_a_large_message_gives_one_element_each() -> None:
    envelope = {f"field{number}": number for number in range(20_000)}
    orders: list[Any] = [
        {"orderId": number, "status": "Выполнен", "phone": GUEST} for number in range(1, 5_001)
    ]
    orders[2_500] = None
    elements = read({**envelope, "data": orders})
    assert len({element.key for element in elements}) == 5_000
    assert elements[2_500].reason == "element_invalid"
