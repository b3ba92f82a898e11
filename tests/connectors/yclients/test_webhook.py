"""YCLIENTS' webhook: which events are records, what a visit is known by, whom it names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.yclients.bodies import (
    COMPANY,
    GUEST,
    KEY,
    RECORD,
    VISIT,
    event,
    older,
    outcome,
    read,
    read_one,
    visit_of,
)
from uzel.connectors.yclients.webhook import LIFECYCLE, MOST_DAYS_LATE, RESOURCES
from uzel.errors import PayloadInvalid
from uzel.model.visit import Visit, VisitState


def test_records_of_one_visit_share_it_and_are_its_parts() -> None:
    first, second = event(), event(id=RECORD + 1)
    second["resource_id"] = RECORD + 1
    one, two = read([first, second])
    assert one.key == two.key == KEY
    assert isinstance(one.data, Visit) and isinstance(two.data, Visit)
    assert (one.data.part, two.data.part) == (str(RECORD), str(RECORD + 1))
    second["status"] = "delete"
    off = read_one(second)
    assert isinstance(off.data, Visit)
    assert (off.data.visit, off.data.part, off.key) == (one.data.visit, str(RECORD + 1), None)


def test_the_places_of_a_group_event_are_visits_of_their_own() -> None:
    keys = set()
    for record in (RECORD, RECORD + 1):
        body = event(id=record, activity_id=81001, clients_count=2)
        keys.add(read_one({**body, "resource_id": record}).key)
    assert keys == {f"visit:{COMPANY}:record:{n}:completed" for n in (RECORD, RECORD + 1)}


@pytest.mark.parametrize(
    ("change", "visit"),
    [
        ({"visit_id": str(VISIT)}, f"{COMPANY}:visit:{VISIT}"),
        ({"activity_id": 0}, f"{COMPANY}:visit:{VISIT}"),
        ({"visit_id": None}, f"{COMPANY}:record:{RECORD}"),
        ({"visit_id": 0}, f"{COMPANY}:record:{RECORD}"),
        ({"visit_id": True}, f"{COMPANY}:record:{RECORD}"),
        ({"company_id": None}, f"{COMPANY}:visit:{VISIT}"),
        ({"id": None}, f"{COMPANY}:visit:{VISIT}"),
    ],
)
def test_what_a_visit_is_known_by(change: dict[str, Any], visit: str) -> None:
    assert visit_of(event(**change)).visit == visit


def test_ids_stand_in_the_envelope_or_in_the_record() -> None:
    assert read_one({**event(), "company_id": None, "resource_id": None}) == read_one(event())
    lost = {**event(company_id=None), "company_id": None}
    assert outcome(lost) == ("record.updated", "record_id_missing")
    assert outcome({**lost, "status": "delete"}) == ("record.deleted", "record_id_missing")


@pytest.mark.parametrize(
    "body",
    [
        older(),
        {**older(), "webhook_type": None},
        {"resource": older()["resource"]},
        {"record": older()["resource"]},
        {"data": older()["resource"], "status": "update"},
        older()["resource"],
    ],
)
def test_older_shapes_name_the_same_visit(body: dict[str, Any]) -> None:
    assert read_one(body) == read_one(event())


def test_a_hand_made_body_is_known_by_phone_and_day() -> None:
    bodies: list[dict[str, Any]] = [
        {"resource": {"visit_attendance": 1, "client": {"phone": GUEST}}},
        {"record": {"attendance": "1", "client": {"phone": GUEST}}},
        {"record": {"attendance": 1}, "client": {"phone": GUEST}},
        {"visit_attendance": 1, "client": {"phone": GUEST}},
        {"visit_attendance": 1, "phone": GUEST},
    ]
    for body in bodies:
        assert read_one(body).key == "visit:79990000001:2026-03-14:completed"
    assert outcome({"visit_attendance": 1, "phone": "12345"})[1] == "record_id_missing"
    assert outcome({"visit_attendance": 1, "client": None})[1] == "no_phone"


@pytest.mark.parametrize(
    ("client", "phone", "name"),
    [
        ({"phone": GUEST, "name": " Мария\n"}, GUEST, "Мария"),
        ([{"phone": GUEST, "name": "Мария"}], GUEST, "Мария"),
        ({"phone": 79990000001}, 79990000001, None),
        ({"phone": GUEST, "name": "", "display_name": "Мария П."}, GUEST, "Мария П."),
        ({"phone": GUEST, "name": "...", "display_name": "79990000001"}, GUEST, None),
        ({"phone": "", "name": "Мария"}, None, "Мария"),
        ({"phone": "", "email": " m@guest.example"}, None, None),
        ([{"phone": GUEST}, {"phone": "+79990000002"}], None, None),
        ({}, None, None),
        ([], None, None),
        (None, None, None),
        ("x", None, None),
    ],
)
def test_guests(client: Any, phone: object, name: str | None) -> None:
    visit = visit_of(event(client=client))
    assert (visit.phone, visit.name) == (phone, name)


def test_who_has_an_address_only_may_still_be_asked() -> None:
    element = read_one(event(client={"phone": "", "email": "m@guest.example"}))
    assert (element.key, element.reason) == (KEY, None)
    assert outcome(event(client={"phone": ""})) == ("visit.completed", "no_phone")


STAFF_PLACES = [
    {"staff": {"phone": "+79990000901"}},
    {"comer": {"phone": "+79990000902"}},
    {"created_user": {"phone": "+79990000903"}},
    {"services": [{"phone": "+79990000904"}]},
    {"documents": [{"phone": "+79990000905"}]},
]


@given(st.lists(st.sampled_from(STAFF_PLACES)))
def test_no_other_phone_is_ever_taken(places: list[dict[str, Any]]) -> None:
    others: dict[str, Any] = {}
    for place in places:
        others |= place
    assert visit_of(event(client=None, **others)).phone is None


@pytest.mark.parametrize(
    ("body", "element_type", "reason"),
    [
        (event(visit_attendance=None, attendance=None), "record.updated", "attendance_missing"),
        (event(visit_attendance=7, attendance="x"), "record.updated", "attendance_missing"),
        ({**event(), "data": []}, "record.updated", "attendance_missing"),
        (
            event("visit_confirmed", visit_attendance=None, attendance=None),
            None,
            "attendance_missing",
        ),
        (event("visit_confirmed"), None, "event_type"),
        ({**event(), "status": None}, None, "event_type"),
        ({**older(), "webhook_type": "client_changed"}, None, "event_type"),
        ({}, None, "event_type"),
        ({"resource": None}, None, "event_type"),
        ({"resource": 7, "data": 7}, None, "event_type"),
        ("text", None, "element_invalid"),
        (None, None, "element_invalid"),
        ([event()], None, "element_invalid"),
    ],
)
def test_reasons(body: Any, element_type: str | None, reason: str) -> None:
    element = read_one([body])
    assert (element.type, element.reason) == (element_type or "unknown.received", reason)
    assert element.key is None


@pytest.mark.parametrize("status", ["create", "update", "delete", "visited", None])
@pytest.mark.parametrize("resource", [*sorted(RESOURCES.keys() - {"record"}), "news", "", "Record"])
def test_other_entities_lead_to_nothing(resource: str, status: str | None) -> None:
    element = read_one({**event(), "resource": resource, "status": status})
    assert (element.reason, element.key, element.data) == ("event_type", None, None)
    is_known = resource in RESOURCES and status in ("create", "update", "delete")
    assert (element.type == "unknown.received") == (not is_known)


@pytest.mark.parametrize("kind", [*LIFECYCLE, "renamed", None, 7])
def test_what_is_told_of_the_application_has_a_type_of_its_own(kind: Any) -> None:
    body = {"salon_id": COMPANY, "application_id": 7, "event": kind, "partner_token": "t-canary"}
    element = read_one(body)
    expected = LIFECYCLE.get(kind, ("application.changed", "event_type"))
    assert (element.type, element.reason) == expected
    assert element.subject == f"филиал {COMPANY}"
    assert "canary" not in repr(element)


@pytest.mark.parametrize(
    ("changed", "occurred_at"),
    [
        ("2026-03-14T14:40:07+0500", datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        ("2026-03-14T14:40:07+05:00", datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        ("2026-03-14 04:40:07-0500", datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        ("2026-03-14T09:40:07Z", datetime(2026, 3, 14, 9, 40, 7, tzinfo=UTC)),
        ("2026-03-14 14:40:07", None),
        ("2026-03-14", None),
        ("", None),
        (1773481207, None),
        ("9999-12-31T23:59:59-2359", None),
    ],
)
def test_only_the_last_change_says_when(changed: Any, occurred_at: datetime | None) -> None:
    times = {"datetime": "2026-03-14T12:00:00+05:00", "date": "2026-03-14 12:00:00"}
    assert read_one(event(last_change_date=changed, **times)).occurred_at == occurred_at


@pytest.mark.parametrize("field", ["date", "datetime"])
@pytest.mark.parametrize(
    ("late", "reason"), [(MOST_DAYS_LATE, None), (MOST_DAYS_LATE + 1, "visit_long_ago")]
)
def test_old_visits_that_are_tidied_up_are_not_asked_about(
    field: str, late: int, reason: str | None
) -> None:
    day = datetime(2026, 3, 14) - timedelta(days=late)
    assert outcome(event(**{field: f"{day:%Y-%m-%d} 23:30:00"})) == ("visit.completed", reason)
    assert outcome(event(visit_attendance=-1, **{field: f"{day:%Y-%m-%d}"}))[1] == "no_show"


def test_a_visit_whose_day_or_change_is_unknown_is_not_old() -> None:
    for data in ({"date": "2016-01-01 10:00:00", "last_change_date": None}, {"date": None}):
        assert outcome(event(**data)) == ("visit.completed", None)
    seconds = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    assert outcome(event(datetime=seconds)) == ("visit.completed", "visit_long_ago")


def test_the_rest_of_a_visit() -> None:
    visit = visit_of(
        event(
            client={"phone": GUEST, "email": "m@guest.example", "success_visits_count": 2},
            staff={"name": "Ольга"},
            services=[{"title": "Стрижка", "cost": 1800}, {"title": "Укладка", "cost": 1200.5}],
            review_requested="1",
        )
    )
    assert visit == Visit(
        state=VisitState.COMPLETED,
        visit=f"{COMPANY}:visit:{VISIT}",
        place=str(COMPANY),
        phone=GUEST,
        total="3000.5",
        email="m@guest.example",
        part=str(RECORD),
        regular=True,
        staff="Ольга",
        service="Стрижка, Укладка",
        asked_elsewhere=True,
    )
    assert visit_of(event(review_requested=0)).asked_elsewhere is None
    assert visit_of(event(review_requested=True)).asked_elsewhere is None


@pytest.mark.parametrize("body", [b"null", b"1", b'"text"', b"true", b"[", b"a=1"])
def test_only_an_object_or_an_array_can_be_read(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read(body)


def test_a_large_array_gives_one_element_each() -> None:
    batch: list[Any] = [event(visit_id=VISIT + number) for number in range(5_000)]
    batch[2_500] = None
    elements = read(batch)
    assert len({element.key for element in elements}) == 5_000
    assert elements[2_500].reason == "element_invalid"
