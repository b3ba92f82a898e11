"""Events as YCLIENTS posts them, with the fields that decide, and what is read from them."""

import json
from datetime import UTC, datetime
from typing import Any

from uzel.connector import Element, Received
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.webhook import parse
from uzel.model.visit import Visit

RECEIVED_AT = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
COMPANY, RECORD, VISIT = 120001, 700000001, 600000001
GUEST = "+79990000001"
KEY = f"visit:{COMPANY}:visit:{VISIT}:completed"


def read(body: Any) -> list[Element]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(Received(raw, {}, "", RECEIVED_AT), YclientsConfig())


def read_one(body: Any) -> Element:
    (element,) = read(body)
    return element


def visit_of(body: Any) -> Visit:
    data = read_one(body).data
    assert isinstance(data, Visit)
    return data


def event(status: str = "update", **data: Any) -> dict[str, Any]:
    """An event with the fields that decide; the guest came unless told otherwise."""
    record = {
        "id": RECORD,
        "company_id": COMPANY,
        "visit_id": VISIT,
        "visit_attendance": 1,
        "attendance": 1,
        "deleted": False,
        "client": {"id": 9, "name": "Мария", "phone": GUEST},
        "last_change_date": "2026-03-14T14:40:07+0500",
        **data,
    }
    return {
        "company_id": COMPANY,
        "resource": "record",
        "resource_id": RECORD,
        "status": status,
        "data": record,
    }


def older(**record: Any) -> dict[str, Any]:
    """The shape older receivers know."""
    data = {**event()["data"], **record}
    return {"resource": data, "webhook_type": "record_changed"}


def outcome(body: Any) -> tuple[str, str | None]:
    """(type, why it leads to nothing or what it was called off for)."""
    element = read_one(body)
    note = element.data.note if isinstance(element.data, Visit) else None
    return element.type, element.reason or note
