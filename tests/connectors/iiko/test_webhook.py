"""iiko's webhook: which orders become visits, known by what, reached where."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.iiko import CONNECTOR
from uzel.connectors.iiko.webhook import KINDS, parse
from uzel.errors import PayloadInvalid
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.visit import Visit, VisitState

RECEIVED_AT = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)

ORG = "3c1f0a52-6b7d-4e18-9f20-a4b5c6d7e801"
ORDER_ID = "a7e4d210-5c3b-4f69-8d12-000000000001"
GUEST = "+79990000001"
STAFF = "+79990000901"


def read(body: Any) -> list[Element]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(Received(raw, {}, "", RECEIVED_AT), CONNECTOR.config())


def read_one(body: Any) -> Element:
    (element,) = read(body)
    return element


def visit_of(body: Any) -> Visit:
    data = read_one(body).data
    assert isinstance(data, Visit)
    return data


def event(kind: str = "DeliveryOrderUpdate", **order: Any) -> dict[str, Any]:
    """An event with the fields that decide; the order is delivered unless told otherwise."""
    return {
        "eventType": kind,
        "eventTime": "2026-03-14 09:40:07.150",
        "organizationId": ORG,
        "correlationId": "c0ffee00-1a2b-4c3d-9e4f-000000000001",
        "eventInfo": {
            "id": ORDER_ID,
            "timestamp": 1773481207150,
            "creationStatus": "Success",
            "order": {"status": "Delivered", "phone": GUEST, "number": 6482, **order},
        },
    }


def changed(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A copy with other `eventInfo` fields; an absent value takes the field away."""
    copy = deepcopy(body)
    copy["eventInfo"] = {**copy["eventInfo"], **fields}
    return copy


def test_delivered_and_closed_are_one_visit() -> None:
    delivered, closed = read_one([event()]), read_one([event(status="Closed")])
    assert delivered == closed
    assert delivered.key == f"visit:{ORG}:{ORDER_ID}:completed"
    assert delivered.subject == "заказ 6482"


def test_a_cancellation_names_the_same_visit_and_may_come_again() -> None:
    done, off = read_one([event()]), read_one([event(status="Cancelled")])
    assert off.key is None
    assert isinstance(done.data, Visit) and isinstance(off.data, Visit)
    assert off.data.visit == done.data.visit == f"{ORG}:{ORDER_ID}"
    assert (off.type, off.reason, off.data.state) == ("visit.cancelled", None, VisitState.CANCELLED)


@pytest.mark.parametrize(
    ("order", "kind", "note"),
    [
        ({"status": "Cancelled"}, "DeliveryOrderUpdate", "cancelled"),
        ({"cancelInfo": {"cause": None}}, "DeliveryOrderUpdate", "cancelled"),
        ({"isDeleted": True}, "DeliveryOrderUpdate", "deleted"),
        ({"isDeleted": True, "cancelInfo": {"cause": None}}, "DeliveryOrderUpdate", "deleted"),
        ({"isDeleted": True, "movedToDeliveryId": ORDER_ID}, "DeliveryOrderUpdate", "deleted"),
        ({"status": "Deleted"}, "TableOrderUpdate", "deleted"),
        ({"status": "Cancelled", "phone": None}, "DeliveryOrderUpdate", "cancelled"),
    ],
)
def test_what_calls_a_visit_off(order: dict[str, Any], kind: str, note: str) -> None:
    element = read_one([event(kind, **order)])
    assert isinstance(element.data, Visit)
    assert (element.type, element.data.note, element.reason) == ("visit.cancelled", note, None)


@pytest.mark.parametrize(
    "status",
    ["Delivered", "Closed", "CLOSED", " closed ", "Finished", "Доставлен", "Закрыт", "Завершён"],
)
def test_words_for_completed(status: str) -> None:
    assert read_one([event(status=status)]).key == f"visit:{ORG}:{ORDER_ID}:completed"


@pytest.mark.parametrize("kind", [*KINDS, "SomethingNew", "", None, 7, [], {}])
def test_only_order_updates_are_visits(kind: Any) -> None:
    element = read_one([{**event(), "eventType": kind}])
    if kind in ("DeliveryOrderUpdate", "TableOrderUpdate"):
        assert (element.type, element.reason) == ("visit.completed", None)
    else:
        assert (element.reason, element.key, element.data) == ("event_type", None, None)
        assert element.type == (KINDS[kind][0] if kind in list(KINDS) else "unknown.received")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event(status="OnWay"), "status_not_completed"),
        (event(status=None), "status_missing"),
        (event(status=True), "status_missing"),
        (changed(event(), order={}), "status_missing"),
        (changed(event(), order=None), "order_null"),
        (changed(event(), order=[]), "order_null"),
        ({**event(), "eventInfo": None}, "order_null"),
        (changed(event(), order=None, status="OnWay"), "status_not_completed"),
        (changed(event(), order=None, status="Delivered"), "no_phone"),
        (event(movedToDeliveryId=ORDER_ID), "moved"),
        (event(movedToDeliveryId=ORDER_ID, status="OnWay"), "moved"),
        (event(customer={"inBlacklist": True}), "blacklisted"),
        (event(customer={"inBlacklist": True}, phone=None), "blacklisted"),
        (event(phone=None), "no_phone"),
        (event(phone=" \u0000"), "no_phone"),
        (event(phone=True), "no_phone"),
        (event(phone=[GUEST]), "no_phone"),
        (changed(event(), id=None), "order_id_missing"),
        (changed(event(status="Cancelled"), id=None), "order_id_missing"),
        (changed(event(), id="x"), "order_id_missing"),
        (changed(event(), id="a" * 65), "order_id_missing"),
        (changed(event(), id="a7e4d210 5c3b"), "order_id_missing"),
        ({**event(), "organizationId": None}, "order_id_missing"),
        ({**event(), "organizationId": "\ud800"}, "order_id_missing"),
        ("text", "element_invalid"),
        (None, "element_invalid"),
        ([event()], "element_invalid"),
    ],
)
def test_reasons(body: Any, reason: str) -> None:
    element = read_one([body])
    assert (element.reason, element.key) == (reason, None)


def test_the_organization_may_stand_in_the_event_info_only() -> None:
    body = changed({**event(), "organizationId": None}, organizationId=ORG)
    assert read_one([body]) == read_one([event()])


def test_without_any_envelope_an_order_is_known_by_its_id_alone() -> None:
    bare = {name: event()[name] for name in ("eventType", "eventInfo")}
    assert read_one(bare).key == f"visit:-:{ORDER_ID}:completed"


def test_a_hand_made_event_is_known_by_phone_and_day() -> None:
    order = {"status": "Delivered", "customer": {"phone": "+7 999 000-00-01"}}
    body = {"eventType": "DeliveryOrderUpdate", "eventInfo": {"order": order}}
    element = read_one(body)
    assert (element.key, element.reason) == ("visit:79990000001:2026-03-14:completed", None)
    order["status"] = "Cancelled"
    off = read_one(body)
    assert isinstance(off.data, Visit) and off.data.visit == "79990000001:2026-03-14"
    order["status"], order["customer"] = "Delivered", {"phone": "12345"}
    assert read_one(body).reason == "order_id_missing"
    del order["customer"]
    assert read_one(body).reason == "no_phone"


PHONE_PLACES: list[tuple[str, ...]] = [
    ("eventInfo", "order", "phone"),
    ("order", "customer", "phone"),
    ("eventInfo", "order", "customer", "phone"),
    ("deliveryOrder", "customer", "phone"),
    ("customer", "phone"),
    ("phone",),
]
STAFF_PLACES: list[tuple[str, ...]] = [
    ("eventInfo", "courier", "phone"),
    ("eventInfo", "phone"),
    ("eventInfo", "order", "operator", "phone"),
    ("eventInfo", "order", "waiter", "phone"),
    ("eventInfo", "order", "courierInfo", "courier", "phone"),
    ("eventInfo", "order", "deliveryPoint", "comment"),
    ("operator", "phone"),
    ("courier", "phone"),
]


def put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value


@given(st.lists(st.sampled_from(PHONE_PLACES), unique=True), st.sets(st.sampled_from(STAFF_PLACES)))
def test_the_guest_s_phone_is_the_first_of_its_places_and_never_staff_s(
    guest_places: list[tuple[str, ...]], staff_places: set[tuple[str, ...]]
) -> None:
    body = event(phone=None)
    for path in staff_places:
        put(body, path, STAFF)
    for path in guest_places:
        put(body, path, f"+7999000000{PHONE_PLACES.index(path)}")
    expected = min(
        (f"+7999000000{PHONE_PLACES.index(path)}" for path in guest_places), default=None
    )
    assert visit_of([body]).phone == expected


@pytest.mark.parametrize(
    ("phone", "extension", "kept"),
    [
        (GUEST, None, GUEST),
        (GUEST, "", GUEST),
        (GUEST, "48213", f"{GUEST};ext=48213"),
        (GUEST, 48213, f"{GUEST};ext=48213"),
        (GUEST, {}, f"{GUEST};ext=?"),
        (79990000001, None, 79990000001),
        (79990000001.5, None, "79990000001.5"),
        (" +7 999\n000-00-01\u0000", None, "+7 999\n000-00-01"),
        ("9" * 100, None, "9" * 64),
    ],
)
def test_phones_are_handed_on_as_they_came(phone: Any, extension: Any, kept: object) -> None:
    assert visit_of([event(phone=phone, phoneExtension=extension)]).phone == kept


def test_a_proxy_number_with_an_extension_is_refused_for_texts() -> None:
    with pytest.raises(PhoneRejected, match="phone_extension"):
        parse_phone(visit_of([event(phoneExtension="48213")]).phone)


@pytest.mark.parametrize(
    ("event_time", "timestamp", "occurred_at"),
    [
        ("2026-03-14 09:40:07.150", 1, datetime(2026, 3, 14, 9, 40, 7, 150000, UTC)),
        ("2026-03-14T09:40:07", None, datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        ("2026-03-14T09:40:07.1Z", None, datetime(2026, 3, 14, 9, 40, 7, 100000, UTC)),
        ("2026-03-14 13:40:07+04:00", None, datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        (None, 1773481207150, datetime(2026, 3, 14, 9, 40, 7, 150000, UTC)),
        ("yesterday", 1773481207, datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        ("0001-01-01 00:00:00+23:59", None, None),
        ("9999-12-31 23:59:59-23:59", None, None),
        ("2026-03-14", None, None),
        ("1999-12-31 23:59:59", 0, None),
        (1773481207150, True, None),
        (None, 10**17, None),
        (None, -(10**17), None),
        (None, "1773481207150", None),
    ],
)
def test_times(event_time: Any, timestamp: Any, occurred_at: datetime | None) -> None:
    body = changed({**event(whenClosed="2026-03-14 13:40:07.000"), "eventTime": event_time})
    body["eventInfo"]["timestamp"] = timestamp
    assert read_one([body]).occurred_at == occurred_at


@pytest.mark.parametrize(
    ("order", "name"),
    [
        ({"customer": {"type": "regular", "name": " Мария\n Ивановна "}}, "Мария Ивановна"),
        ({"customer": {"type": "one-time", "name": "Мария"}}, "Мария"),
        (
            {"customer": {"type": "one-time", "name": "Яндекс.Еда"}, "sourceKey": "yandex_food"},
            None,
        ),
        ({"customer": {"name": "\ud800\u0000"}}, None),
        ({"customer": {"name": "А" * 300}}, "А" * 200),
        ({"customer": {"name": 7}}, None),
        ({"customer": []}, None),
    ],
)
def test_names(order: dict[str, Any], name: str | None) -> None:
    assert visit_of([event(**order)]).name == name


@pytest.mark.parametrize("body", [b"null", b"1", b'"text"', b"true", b"["])
def test_only_an_object_or_an_array_can_be_read(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read(body)


def test_a_large_batch_gives_one_element_each() -> None:
    batch: list[Any] = [changed(event(), id=f"order-{number:06}") for number in range(10_000)]
    batch[5_000] = None
    elements = read(batch)
    assert len({element.key for element in elements}) == 10_000
    assert elements[5_000].reason == "element_invalid"
