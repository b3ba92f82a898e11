"""Where the parts of an order are found, and by what it is known."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.rkeeper.order import Order, orders_in

RECEIVED_AT = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
RESTAURANT = "5f0b1c62-7d3e-4a89-b0c1-d2e3f4a5b601"
ORDER_ID = "c4d9e8f7-1a2b-4c3d-8e4f-000000000001"
OTHER_ID = "c4d9e8f7-1a2b-4c3d-8e4f-000000000002"
GUEST = "+79990000001"
STAFF = "+79990000901"


def one(event: dict[str, Any]) -> Order:
    (layers,) = orders_in(event)
    assert layers is not None
    return Order.of(layers, RECEIVED_AT)


def order(**fields: Any) -> dict[str, Any]:
    return {
        "orderId": "70401",
        "id": ORDER_ID,
        "restaurantId": RESTAURANT,
        "orderStatusName": "Выполнен",
        "guest": {"phone": GUEST, "firstName": "Мария"},
        **fields,
    }


def put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value


WRAPPED: tuple[tuple[str, ...], ...] = (
    *(("order",), ("data", "order"), ("result", "order"), ("payload", "order")),
    *(("data",), ("result",), ("payload",), ()),
)
FIELDS: tuple[tuple[str, ...], ...] = (
    *(("guest", "phone"), ("customer", "phone"), ("client", "phone")),
    *(("customerPhone",), ("clientPhone",), ("phone",), ("phone_number",)),
)
GUEST_PLACES = [(*wrapper, *field) for wrapper in WRAPPED for field in FIELDS]
STAFF_FIELDS: tuple[tuple[str, ...], ...] = (
    *(("courier", "phone"), ("operator", "phone"), ("waiter", "phone"), ("restaurant", "phone")),
    *(("manager", "customer", "phone"), ("courierPhone",), ("restaurantPhone",), ("user", "phone")),
    *(("guest", "courier", "phone"), ("comment",), ("products", "phone"), ("guestmeta", "phone")),
)
STAFF_PLACES = [(*wrapper, *field) for wrapper in WRAPPED for field in STAFF_FIELDS]


@given(
    st.lists(st.sampled_from(GUEST_PLACES), unique=True, max_size=6),
    st.sets(st.sampled_from(STAFF_PLACES), max_size=12),
)
def test_the_guest_s_phone_is_the_first_of_its_places_and_never_staff_s(
    guest_places: list[tuple[str, ...]], staff_places: set[tuple[str, ...]]
) -> None:
    body: dict[str, Any] = {}
    for path in sorted(staff_places):
        put(body, path, STAFF)
    for path in guest_places:
        put(body, path, f"+79990{GUEST_PLACES.index(path):06}")
    first = min(map(GUEST_PLACES.index, guest_places), default=None)
    assert one(body).phone == (None if first is None else f"+79990{first:06}")


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_one_key_whatever_the_shape(wrapper: tuple[str, ...]) -> None:
    body: dict[str, Any] = order()
    for name in reversed(wrapper):
        body = {name: body}
    assert one(body) == one(order())
    assert one(body).visit == ORDER_ID


@pytest.mark.parametrize("name", ["order", "data", "result", "payload"])
def test_a_list_in_a_wrapper_is_an_order_each(name: str) -> None:
    event: dict[str, Any] = {
        "restaurantId": RESTAURANT,
        name: [{"orderId": 1}, None, {"orderId": 2}, []],
    }
    found = list(orders_in(event))
    assert [layers and Order.of(layers, RECEIVED_AT).visit for layers in found] == [
        f"{RESTAURANT}:1",
        None,
        f"{RESTAURANT}:2",
        None,
    ]


def test_an_empty_list_in_a_wrapper_is_no_wrapper() -> None:
    assert one({**order(), "data": []}) == one(order())


@pytest.mark.parametrize(
    ("ids", "visit"),
    [
        ({"id": ORDER_ID, "orderId": "70401"}, ORDER_ID),
        ({"id": ORDER_ID.upper(), "restaurantId": None}, ORDER_ID),
        ({"orderGuid": f"{{{ORDER_ID}}}", "orderId": 70401}, ORDER_ID),
        ({"orderId": OTHER_ID, "id": ORDER_ID}, OTHER_ID),
        ({"orderId": "70401"}, f"{RESTAURANT}:70401"),
        ({"orderId": 70401}, f"{RESTAURANT}:70401"),
        ({"order_id": 70401, "id": 5}, f"{RESTAURANT}:70401"),
        ({"id": 5}, f"{RESTAURANT}:5"),
        ({"id": 5, "originalOrderId": OTHER_ID}, f"{RESTAURANT}:5"),
        ({"originalOrderId": OTHER_ID}, f"{RESTAURANT}:{OTHER_ID}"),
        ({"orderId": 5, "restaurantId": None}, "-:5"),
        ({"orderId": 5, "restaurantId": "x"}, "-:5"),
        ({"orderId": 5, "restaurantId": 31}, "31:5"),
        ({"orderId": 5, "restaurantId": None, "objectId": 199990321}, "199990321:5"),
        ({"id": "00000000-0000-0000-0000-000000000000"}, None),
        ({"id": "00000000-0000-0000-0000-000000000000", "orderId": 5}, f"{RESTAURANT}:5"),
        ({"id": "x"}, None),
        ({"id": 0}, None),
        ({"id": -1}, None),
        ({"id": True}, None),
        ({"id": "a" * 65}, None),
        ({"id": "two words"}, None),
        ({}, None),
    ],
)
def test_by_what_an_order_is_known(ids: dict[str, Any], visit: str | None) -> None:
    bare = {"restaurantId": RESTAURANT, "guest": {"phone": GUEST}}
    assert one({**bare, **ids}).visit == visit
    assert one({"order": {**bare, **ids}}).visit == visit


def test_an_id_around_the_order_is_that_of_the_message() -> None:
    assert one({"id": OTHER_ID, "order": {"orderId": 5, "restaurantId": 31}}).visit == "31:5"
    assert one({"id": OTHER_ID, "order": {"phone": GUEST}}).visit is None
    assert one({"orderId": 5, "data": {"phone": GUEST}}).visit == "-:5"


def test_what_was_made_by_hand_is_known_by_guest_and_day() -> None:
    body = {"order": {"status": "Выполнен", "customer": {"phone": "+7 999 000-00-01"}}}
    assert one(body).visit == "79990000001:2026-03-14"
    assert one({"phone": "12345"}).visit is None
    assert one({"phone": "9" * 40}).visit is None
    assert one({}).visit is None


@pytest.mark.parametrize("mark", ["orderId", "id", "restaurantId", "updatedAt", "orderStatusName"])
def test_r_keeper_s_own_body_without_ids_is_known_by_nothing(mark: str) -> None:
    assert one({"order": {"customer": {"phone": GUEST}, mark: None}}).visit is None


UPDATES = st.tuples(
    st.sampled_from(WRAPPED),
    st.sampled_from(["Доставлен", "Выполнен", "Отдан"]),
    st.sets(st.sampled_from(["restaurantId", "orderId", "guest", "orderStatusName"])),
)


@given(st.lists(UPDATES, min_size=1, max_size=4))
def test_updates_of_one_order_are_one_visit_whatever_each_leaves_out(
    updates: list[tuple[tuple[str, ...], str, set[str]]],
) -> None:
    seen = set()
    for wrapper, status, without in updates:
        body = {k: v for k, v in order(orderStatusName=status).items() if k not in without}
        for name in reversed(wrapper):
            body = {name: body}
        seen.add(one(body).visit)
    assert seen == {ORDER_ID}


@pytest.mark.parametrize(
    ("times", "occurred_at"),
    [
        (
            {"updatedAt": "2026-03-14T12:40:07.15+03:00"},
            datetime(2026, 3, 14, 9, 40, 7, 150000, UTC),
        ),
        ({"updatedAt": "2026-03-14T09:40:07Z"}, datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        (
            {"updatedAt": "2026-03-14T09:40:07", "completedAt": "2026-03-14 09:40:08+0000"},
            datetime(2026, 3, 14, 9, 40, 8, tzinfo=UTC),
        ),
        (
            {"dateTimeServerReceiveEventFromAgent": "2026-03-14T12:40:07.1503158+03:00"},
            datetime(2026, 3, 14, 9, 40, 7, 150315, UTC),
        ),
        ({"updatedAt": "2026-03-14T09:40:07"}, None),
        ({"updatedAt": "2026-03-14"}, None),
        ({"updatedAt": "0001-01-01T00:00:00+00:00"}, None),
        ({"updatedAt": "9999-12-31T23:59:59-23:59"}, None),
        ({"updatedAt": 1773481207}, None),
        ({"createdAt": "2026-03-14T09:40:07Z", "closedAt": "2026-03-14T09:40:07Z"}, None),
    ],
)
def test_only_times_with_a_zone_count(times: dict[str, Any], occurred_at: datetime | None) -> None:
    assert one(order(**times)).occurred_at == occurred_at


@pytest.mark.parametrize(
    ("fields", "total"),
    [
        ({"fullAmount": Decimal("817.0"), "amount": Decimal("698.0")}, "817.0"),
        ({"fullAmount": None, "amount": 698}, "698"),
        ({"price": {"total": Decimal("1480.5"), "sumToPay": 0}}, "1480.5"),
        ({"fullAmount": -1}, None),
        ({"fullAmount": "many"}, None),
        ({"fullAmount": True}, None),
    ],
)
def test_totals(fields: dict[str, Any], total: str | None) -> None:
    assert one(order(**fields)).total == total


def test_who_the_guest_is() -> None:
    guest = {"phone": 79990000001, "firstName": " Мария\n", "email": "maria@example.org"}
    found = one(order(guest=guest, orderSourceName="Сайт"))
    assert (found.name, found.email, found.source) == ("Мария", "maria@example.org", "Сайт")
    assert (found.phone, found.place, found.number) == (79990000001, RESTAURANT, "70401")
    assert one({"client": {"name": "Иван"}}).name == "Иван"
    assert one({"guest": {"firstName": "", "name": 7}}).name is None


@pytest.mark.parametrize(
    ("ids", "number"),
    [
        ({"orderId": None}, ORDER_ID[:8]),
        ({"orderId": None, "id": None, "originalOrderId": "70401"}, "70401"),
        ({"orderId": None, "id": None}, None),
    ],
)
def test_numbers_for_people(ids: dict[str, Any], number: str | None) -> None:
    assert one(order(**ids)).number == number
