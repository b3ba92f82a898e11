"""iiko's webhook: which orders become visits, known by what, reached where."""

import json
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iikocloudapi.webhooks import parse_webhook
from pydantic import ValidationError

from uzel.connector import Element, Received
from uzel.connectors.iiko import CONNECTOR
from uzel.connectors.iiko.webhook import KINDS, UNKNOWN, parse
from uzel.errors import PayloadInvalid
from uzel.kit.http_file import read_http_file
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.visit import Visit, VisitState

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "src/uzel/connectors/iiko/samples"
PUBLIC_SAMPLES = ROOT / ".." / "shared" / "samples" / "iiko"
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


def test_a_cancellation_has_a_key_of_its_own_and_names_the_same_visit() -> None:
    done, off = read_one([event()]), read_one([event(status="Cancelled")])
    assert off.key == f"visit:{ORG}:{ORDER_ID}:cancelled"
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
    assert read_one(body).key == "visit:79990000001:2026-03-14:cancelled"
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
    ("written", "total"),
    [
        ("1620", "1620"),
        ("1290.10", "1290.10"),
        ("0.1", "0.1"),
        ("9007199254740993.5", None),
        ("900719925474.123456", "900719925474.123456"),
        ("1e3", "1000"),
        ("1e400", None),
        ("1e-400", None),
        ("1e99999999999999999999", None),
        ("9" * 5000, None),
        ("-5", None),
        ("true", None),
        ('"1620"', None),
    ],
)
def test_totals_keep_their_digits(written: str, total: str | None) -> None:
    body = json.dumps([event(sum="@"), event()]).replace('"@"', written).encode()
    first, second = read(body)
    assert isinstance(first.data, Visit)
    assert first.data.total == total
    assert second.key == f"visit:{ORG}:{ORDER_ID}:completed"


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


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"1", b'"text"', b"true", b"[", b"[1,]", b"[NaN]", b"[-Infinity]"),
        *(b"\xff\xfe[\x00]\x00", b'["\x01"]', b"[" * 100_000, b'{"a":' * 100_000),
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_what_cannot_be_read_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read(body)


def test_a_byte_order_mark_is_skipped_and_the_last_of_two_equal_names_wins() -> None:
    text = json.dumps([event()]).replace('"Delivered"', '"OnWay", "status": "Closed"')
    assert read_one(b"\xef\xbb\xbf" + text.encode()).reason is None


def test_a_large_batch_gives_one_element_each() -> None:
    batch: list[Any] = [changed(event(), id=f"order-{number:06}") for number in range(10_000)]
    batch[5_000] = None
    elements = read(batch)
    assert len({element.key for element in elements}) == 10_000
    assert elements[5_000].reason == "element_invalid"


def accepted_by_iikocloudapi() -> dict[str, bytes]:
    """Our samples that an independent library accepts; it takes the documented shape only."""
    bodies = {path.stem: read_http_file(path.read_bytes()).body for path in SAMPLES.glob("*.http")}
    accepted = {}
    for name, body in sorted(bodies.items()):
        with suppress(ValidationError):
            parse_webhook(body)
            accepted[name] = body
    return accepted


ACCEPTED = accepted_by_iikocloudapi()


def test_the_independent_library_takes_most_of_our_samples() -> None:
    assert len(ACCEPTED) >= 18


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_independent_library_reads_the_same_types_times_and_phones(name: str) -> None:
    theirs: list[Any] = list(parse_webhook(ACCEPTED[name]))
    for element, other in zip(read(ACCEPTED[name]), theirs, strict=True):
        kind = KINDS.get(other.event_type, UNKNOWN)[0]
        assert element.type in (kind, "visit.completed", "visit.cancelled")
        assert element.occurred_at == other.event_time.replace(tzinfo=UTC)
        if isinstance(element.data, Visit) and other.event_info.order is not None:
            assert element.data.visit == f"{other.organization_id}:{other.event_info.id}"
            assert element.data.phone == phone_in(other.event_info.order)
            assert element.data.total == str(other.event_info.order.sum)


def phone_in(order: Any) -> str | None:
    extension = getattr(order, "phone_extension", None)
    return f"{order.phone};ext={extension}" if extension else order.phone or None


@pytest.mark.skipif(not PUBLIC_SAMPLES.is_dir(), reason="the collected samples are not here")
def test_public_samples_are_decided_as_their_collectors_judged() -> None:
    expected = json.loads((PUBLIC_SAMPLES / "EXPECTED.json").read_text())["samples"]
    assert expected
    for name, decisions in expected.items():
        elements = read((PUBLIC_SAMPLES / name).read_bytes())
        assert [decided(element) for element in elements] == [
            (given["decision"], given.get("reason"), given.get("phone")) for given in decisions
        ], name


def decided(element: Element) -> tuple[str, str | None, str | None]:
    if element.reason is not None:
        return "skip", element.reason, None
    assert isinstance(element.data, Visit)
    decision = "request" if element.type == "visit.completed" else "cancel"
    return decision, None, parse_phone(element.data.phone).e164
