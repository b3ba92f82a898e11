"""What YCLIENTS and Altegio post, read as visits.

The body is an event or an array of events: `{company_id, resource, resource_id, status, data}`,
where `status` says what happened to the entity and `data.visit_attendance` what became of the guest
(YCLIENTS REST API, "Уведомления о событиях webhooks"). Older receivers know the record as an object
under `resource` or `record`, or bare; those are read as well.

| the record                        | element                                        |
| --------------------------------- | ---------------------------------------------- |
| the guest came (1)                | `visit.completed`                              |
| deleted                           | `visit.cancelled`, note `deleted`              |
| the guest did not come (-1)       | `visit.cancelled`, note `no_show`              |
| waiting or confirmed (0, 2)       | `visit.cancelled`, note `unmarked`; of a record |
|                                   | just created: reason `visit_waiting`           |

An update with 0 or 2 is either a visit that is still to come or one whose mark was taken back, and
nothing in it tells which. So it calls the visit off: harmless for one that nobody was asked about,
since a completion that happened later asks all the same, and what keeps a guest who did not come
from being asked. Which of two happened later is decided by `last_change_date`, not by the order of
arrival: an old 0 after a 1 changes nothing, an old 1 after a 0 asks nobody. `last_change_date`
counts whole seconds; within one, calling off wins. A record just created cannot have been marked
before, so its 0 or 2 is no cancellation and leaves no trace.

One visit may hold several records (two masters, one guest): they share `visit_id`, and so the visit
and its key; the record is the visit's `part`. The places of a group event are visits of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from uzel.connector import Config, Element, Received
from uzel.connectors.yclients.record import (
    Attendance,
    Guest,
    attendance_of,
    changed_at,
    code_of,
    days_late,
    guest_of,
    is_deleted,
    is_group,
    service_of,
    staff_of,
    total_in,
)
from uzel.errors import PayloadInvalid
from uzel.kit.body import number_of, object_at, read_json, text_of
from uzel.model.visit import Visit, VisitState

# resource → our noun. `salon` and `master` are the names of the settings, `company` and `staff`
# those in the events.
RESOURCES: Mapping[str, str] = {
    "record": "record",
    "client": "client",
    "company": "company",
    "salon": "company",
    "staff": "staff",
    "master": "staff",
    "service": "service",
    "service_category": "service_category",
    "schedule": "schedule",
    "good": "good",
    "goods_operations_sale": "goods_sale",
    "goods_operations_receipt": "goods_receipt",
    "goods_operations_consumable": "goods_consumption",
    "goods_operations_stolen": "goods_write_off",
    "goods_operations_move": "goods_move",
    "finances_operation": "finance_operation",
    "loyalty_card": "loyalty_card",
}
VERBS: Mapping[str, str] = {"create": "created", "update": "updated", "delete": "deleted"}
UNKNOWN = "unknown.received"
RECORD = "record"
# Fields by which a body without an envelope shows that it is a record.
MARKS = frozenset({"visit_attendance", "attendance", "client", "phone"})

# What the marketplace tells about the application itself: type and reason.
LIFECYCLE: Mapping[str, tuple[str, str]] = {
    "uninstall": ("application.uninstalled", "application_uninstalled"),
    "freeze": ("application.frozen", "application_frozen"),
    "payment": ("application.paid", "application_paid"),
}

# A salon that tidies up old records, or imports them, is not to write to the guests of last year.
MOST_DAYS_LATE = 14


def parse(received: Received, config: Config) -> list[Element]:
    """One element per event, in their order. Raises PayloadInvalid.

    Only a completed visit has a key, and never with a `reason`: what did not count must not stand
    in the way of what counts later (a phone that is added after the visit).
    """
    body = read_json(received.body)
    if isinstance(body, dict):
        body = [body]
    if not isinstance(body, list):
        raise PayloadInvalid("YCLIENTS sends an event or an array of events, this is neither")
    return [_element(event, received.received_at) for event in body]


def _element(event: Any, received_at: datetime) -> Element:
    if not isinstance(event, dict):
        return Element(UNKNOWN, reason="element_invalid")
    if "application_id" in event and "resource" not in event:
        return _lifecycle(event)
    notice = Notice.of(event)
    subject = f"запись {notice.record_id}" if notice.record_id else None
    element = Element(notice.type, occurred_at=changed_at(notice.record))
    if notice.resource != RECORD:
        return replace(element, reason="event_type")
    return _of_record(notice, replace(element, subject=subject), received_at)


def _lifecycle(event: Mapping[str, Any]) -> Element:
    """The second channel, to an application's `callback_url`; no entity is in it."""
    kind = text_of(event.get("event")) or ""
    element_type, reason = LIFECYCLE.get(kind, ("application.changed", "event_type"))
    salon = number_of(event.get("salon_id"))
    return Element(element_type, subject=f"филиал {salon}" if salon else None, reason=reason)


@dataclass(frozen=True, slots=True)
class Notice:
    """One event, its parts found.

    resource  `record`, another entity, or "" for what nobody knows
    status    `create`, `update`, `delete`; "" for what is none of them
    record    the entity, an empty object where there is none
    """

    event: Mapping[str, Any]
    resource: str
    status: str
    record: Mapping[str, Any]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Notice":
        resource = event.get("resource")
        # Older bodies know no status; a status that nobody knows is no update.
        status = text_of(event.get("status", "update")) or ""
        status = status if status in VERBS else ""
        if isinstance(resource, str):
            status = status if "status" in event else ""
            return cls(event, resource, status, object_at(event, "data") or {})
        inner = (object_at(event, name) for name in ("resource", "data", RECORD))
        record = next((found for found in inner if found is not None), None)
        if record is None and resource is None and MARKS & event.keys():
            record = event
        kind = text_of(event.get("webhook_type")) or RECORD
        is_record = record is not None and kind.startswith(RECORD)
        return cls(event, RECORD if is_record else "", status, record or {})

    @property
    def type(self) -> str:
        """The element's type as long as nothing follows from it."""
        noun, verb = RESOURCES.get(self.resource), VERBS.get(self.status)
        return f"{noun}.{verb}" if noun and verb else UNKNOWN

    @property
    def company_id(self) -> str | None:
        """The location."""
        return number_of(self.event.get("company_id")) or number_of(self.record.get("company_id"))

    @property
    def record_id(self) -> str | None:
        """The record within its location."""
        return number_of(self.event.get("resource_id")) or number_of(self.record.get("id"))

    def visit(self, phone: str | int | None, received_at: datetime) -> str | None:
        """What the visit is known by; None if it cannot be told from others. A hand-made body with
        no id at all is known by its guest and day.
        """
        company, record = self.company_id, self.record_id
        shared = None if is_group(self.record) else number_of(self.record.get("visit_id"))
        if company and shared:
            return f"{company}:visit:{shared}"
        if company and record:
            return f"{company}:record:{record}"
        digits = "".join(character for character in str(phone) if character in "0123456789")
        if not self._has_ids() and 10 <= len(digits) <= 15:
            return f"{digits}:{received_at:%Y-%m-%d}"
        return None

    def _has_ids(self) -> bool:
        return bool(
            {"company_id", "resource_id"} & self.event.keys()
            or {"id", "company_id", "visit_id"} & self.record.keys()
        )


def _of_record(notice: Notice, element: Element, received_at: datetime) -> Element:
    """The decision about a record."""
    guest = guest_of(notice.record, notice.event)
    visit = notice.visit(guest.phone, received_at)
    attendance = attendance_of(notice.record)
    if note := _why_called_off(notice, attendance):
        return _called_off(notice, element, guest, visit, note)
    if attendance is None:
        return replace(element, reason="attendance_missing")
    if not notice.status:
        return replace(element, reason="event_type")
    if attendance is not Attendance.CAME:
        return replace(element, reason="visit_waiting")
    return _completed(notice, element, guest, visit)


def _why_called_off(notice: Notice, attendance: Attendance | None) -> str | None:
    if notice.status == "delete" or is_deleted(notice.record):
        return "deleted"
    if notice.status and attendance is Attendance.MISSED:
        return "no_show"
    is_open = attendance in (Attendance.WAITING, Attendance.CONFIRMED)
    return "unmarked" if notice.status == "update" and is_open else None


def _called_off(
    notice: Notice, element: Element, guest: Guest, visit: str | None, note: str
) -> Element:
    if visit is None:
        return replace(element, reason="record_id_missing")
    # No key: a mark can be taken back, set again and taken back once more.
    data = _visit(notice, guest, visit, VisitState.CANCELLED, note)
    return replace(element, type="visit.cancelled", data=data)


def _completed(notice: Notice, element: Element, guest: Guest, visit: str | None) -> Element:
    reason = _why_not_asked(notice, guest)
    if visit is None:
        return replace(element, reason=reason or "record_id_missing")
    return replace(
        element,
        type="visit.completed",
        key=None if reason else f"visit:{visit}:completed",
        reason=reason,
        data=_visit(notice, guest, visit, VisitState.COMPLETED),
    )


def _why_not_asked(notice: Notice, guest: Guest) -> str | None:
    late = days_late(notice.record)
    if late is not None and late > MOST_DAYS_LATE:
        return "visit_long_ago"
    return "no_phone" if guest.phone is None and guest.email is None else None


def _visit(
    notice: Notice, guest: Guest, visit: str, state: VisitState, note: str | None = None
) -> Visit:
    record = notice.record
    return Visit(
        state=state,
        visit=visit,
        place=notice.company_id,
        phone=guest.phone,
        name=guest.name,
        total=total_in(record),
        note=note,
        email=guest.email,
        part=notice.record_id,
        regular=guest.regular,
        staff=staff_of(record),
        service=service_of(record),
        asked_elsewhere=True if code_of(record.get("review_requested")) == 1 else None,
    )
