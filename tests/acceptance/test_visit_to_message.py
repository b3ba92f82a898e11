"""A visit at iiko becomes one text message."""

import json
from uuid import uuid4

from acceptance_demo import Demo, until


def delivery(order: str, status: str, phone: str) -> dict[str, object]:
    return {
        "eventType": "DeliveryOrderUpdate",
        "eventTime": "2026-11-20 09:15:02.100",
        "organizationId": "6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10",
        "correlationId": str(uuid4()),
        "eventInfo": {
            "id": order,
            "organizationId": "6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10",
            "timestamp": 1795165502100,
            "creationStatus": "Success",
            "errorInfo": None,
            "order": {
                "phone": phone,
                "status": status,
                "customer": {"type": "one-time", "name": "Айгуль"},
                "number": 118,
                "sum": 2450.5,
            },
        },
    }


def sent_to(demo: Demo, phone: str) -> list[dict[str, object]]:
    return [
        entry
        for entry in demo.journal("smsru", "send_sms")
        if str(entry["request"].get("phone", "")).lstrip("+") == phone.lstrip("+")
    ]


def test_a_delivered_order_becomes_one_text(demo: Demo) -> None:
    order, phone = str(uuid4()), "+79990001001"
    body = json.dumps([delivery(order, "Delivered", phone)]).encode()
    assert demo.post("iiko", body)[0] == 200
    assert until(lambda: sent_to(demo, phone))

    assert demo.post("iiko", body)[0] == 200
    closed = json.dumps([delivery(order, "Closed", phone)]).encode()
    assert demo.post("iiko", closed)[0] == 200
    other = json.dumps([delivery(str(uuid4()), "Closed", "+79990001002")]).encode()
    assert demo.post("iiko", other)[0] == 200
    assert until(lambda: sent_to(demo, "+79990001002"))
    assert len(sent_to(demo, phone)) == 1


def test_two_visits_of_one_phone_are_asked_about_once(demo: Demo) -> None:
    phone = "+79990001003"
    orders = [delivery(str(uuid4()), "Delivered", phone) for _ in range(5)]
    assert demo.post("iiko", json.dumps(orders).encode())[0] == 200
    assert demo.post("iiko", json.dumps(orders[::-1]).encode())[0] == 200
    last = json.dumps([delivery(str(uuid4()), "Closed", "+79990001004")]).encode()
    assert demo.post("iiko", last)[0] == 200
    assert until(lambda: sent_to(demo, "+79990001004"))
    assert len(sent_to(demo, phone)) == 1


def test_a_lost_answer_is_never_sent_again_by_itself(demo: Demo) -> None:
    phone = "+79990001005"
    demo.fault(connector="smsru", operation="send_sms", kind="reset", times=1)
    assert demo.post("iiko", json.dumps(delivery(str(uuid4()), "Closed", phone)).encode())[0] == 200
    until(lambda: sent_to(demo, phone))
    other = "+79990001006"
    assert demo.post("iiko", json.dumps(delivery(str(uuid4()), "Closed", other)).encode())[0] == 200
    until(lambda: sent_to(demo, other))
    assert len(sent_to(demo, phone)) == 1
