"""Visits as each source tells of them, with nothing in them but what such bodies have; and how they
reach a demo.
"""

import itertools
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from acceptance_demo import Demo, until

# The phones of these tests begin apart from all others, and nobody is asked twice.
PHONES = itertools.count(79_993_000_000 + secrets.randbelow(900) * 1000)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Body:
    """One request to a hook."""

    source: str
    content: bytes
    content_type: str = JSON


def new_phone() -> str:
    return f"+{next(PHONES)}"


def new_number() -> int:
    return secrets.randbelow(10**9) + 10**6


def as_json(source: str, body: Any) -> Body:
    return Body(source, json.dumps(body, ensure_ascii=False).encode())


def iiko(phone: str | None, status: str = "Closed", order: str | None = None) -> dict[str, Any]:
    """A DeliveryOrderUpdate (iiko OpenAPI, x-webhooks)."""
    organization = "6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10"
    return {
        "eventType": "DeliveryOrderUpdate",
        "eventTime": time.strftime("%Y-%m-%d %H:%M:%S.000", time.gmtime()),
        "organizationId": organization,
        "correlationId": str(uuid4()),
        "eventInfo": {
            "id": order or str(uuid4()),
            "organizationId": organization,
            "creationStatus": "Success",
            "order": {
                "phone": phone,
                "status": status,
                "customer": {"type": "regular", "name": "Айгуль"},
                "number": 118,
                "sum": 2450.5,
            },
        },
    }


def iiko_table(phone: str) -> dict[str, Any]:
    body = iiko(phone)
    return {**body, "eventType": "TableOrderUpdate"}


def rkeeper(phone: str, status: str = "Выполнен") -> dict[str, Any]:
    """An order of r_keeper Delivery."""
    return {
        "orderId": str(new_number()),
        "id": str(uuid4()),
        "guest": {"phone": phone.lstrip("+"), "firstName": "Мария", "email": None},
        "restaurantId": str(uuid4()),
        "orderStatusName": status,
        "updatedAt": "2024-02-29T09:40:07.150+00:00",
        "fullAmount": 1290.0,
    }


def yclients(phone: str, attendance: int = 1, **client: str) -> dict[str, Any]:
    """A record whose guest came."""
    company, record = new_number(), new_number()
    return {
        "company_id": company,
        "resource": "record",
        "resource_id": record,
        "status": "update",
        "data": {
            "id": record,
            "company_id": company,
            "visit_id": new_number(),
            "visit_attendance": attendance,
            "attendance": attendance,
            "date": "2025-03-14 14:30:00",
            "last_change_date": "2025-03-14T15:40:07+0500",
            "client": {"name": "Олжас", "phone": phone, **client},
            "services": [{"title": "Стрижка", "cost": 1800}],
        },
    }


def amocrm(lead: int | None = None) -> dict[str, str]:
    """A deal won, in the fields of amoCRM's form: the guest has to be asked for."""
    return {
        "leads[status][0][id]": str(lead or new_number()),
        "leads[status][0][name]": "Заказ",
        "leads[status][0][status_id]": "142",
        "leads[status][0][old_status_id]": "61000001",
        "leads[status][0][pipeline_id]": "7310001",
        "leads[status][0][price]": "4500",
        "account[subdomain]": "kafe",
        "account[id]": "31777001",
    }


def amocrm_form(fields: dict[str, str]) -> Body:
    return Body("amocrm", urlencode(fields).encode(), FORM)


def amocrm_json(phone: str) -> dict[str, Any]:
    """The same as middlemen post it, with the contact inside."""
    lead = {"id": new_number(), "status_id": 142, "main_contact": {"phone": phone}}
    return {"leads": {"status": [lead]}}


def all_shapes() -> dict[str, tuple[str, Body]]:
    """What → (the phone, one body of each shape that a source has)."""
    made: dict[str, tuple[str, Any]] = {}
    shapes: dict[str, Any] = {
        "iiko array": lambda phone: [iiko(phone)],
        "iiko object": iiko,
        "iiko table": lambda phone: [iiko_table(phone)],
        "iiko by hand": lambda phone: {"order": {"status": "Closed", "customer": {"phone": phone}},
                                       "eventType": "DeliveryOrderUpdate"},
        "rkeeper flat": rkeeper,
        "rkeeper order": lambda phone: {"order": rkeeper(phone)},
        "rkeeper data": lambda phone: {"data": {"order": rkeeper(phone)}},
        "rkeeper list": lambda phone: {"data": [rkeeper(phone)]},
        "rkeeper array": lambda phone: [rkeeper(phone)],
        "rkeeper carbis": lambda phone: {"order_id": new_number(), "phone_number": phone,
                                         "status": "closed"},
        "yclients object": yclients,
        "yclients array": lambda phone: [yclients(phone)],
        "amocrm json": amocrm_json,
    }  # fmt: skip
    for name, shape in shapes.items():
        phone = new_phone()
        made[name] = (phone, as_json(name.split()[0], shape(phone)))
    return made


def post(demo: Demo, body: Body) -> None:
    """Post it; whatever a source may say is taken."""
    status, said = demo.post(body.source, body.content, content_type=body.content_type)
    assert status == 200, said


def caught_up(demo: Demo) -> None:
    """Wait until all that was posted before is decided and sent: a later visit is."""
    phone = new_phone()
    post(demo, as_json("iiko", [iiko(phone)]))
    assert until(lambda: demo.settled(phone))
