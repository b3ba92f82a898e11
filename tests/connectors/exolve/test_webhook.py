import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.exolve.config import ExolveConfig
from uzel.connectors.exolve.webhook import parse
from uzel.errors import PayloadInvalid
from uzel.model.inbound import Inbound
from uzel.model.receipt import Receipt, ReceiptState

ID = 575976245313900017
SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "samples" / "exolve"
INCOMING = {
    "message_id": ID,
    "direction": "DIRECTION_INCOMING",
    "billing_status": "BILLING_STATUS_BILLED",
    "sender": "79990000001",
    "text": "СТОП",
    "date": "2026-11-20T09:15:02Z",
}
OUTGOING = {
    "message_id": ID,
    "direction": "DIRECTION_OUTGOING",
    "delivery_status": "DELIVERY_STATUS_DELIVERED",
}


def read(event: Any) -> Element:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    (element,) = parse(Received(body, {}, "", datetime.now(UTC)), ExolveConfig())
    return element


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


def test_of_several_events_about_one_text_the_billed_one_counts_once() -> None:
    unbilled = read({**INCOMING, "billing_status": "BILLING_STATUS_OTHER"})
    assert (unbilled.key, unbilled.reason, unbilled.data) == (None, "not_billed", None)
    billed = [read(INCOMING), read({**INCOMING, "message_id": str(ID), "extra": 1})]
    assert {element.key for element in billed} == {f"inbound:{ID}"}
    assert billed[0].data == Inbound("sms", "79990000001", "СТОП", str(ID))


def test_without_an_id_sender_time_and_text_tell_texts_apart() -> None:
    anonymous = without(INCOMING, "message_id")
    same = read({**anonymous, "date": "2026-11-20T12:15:02+03:00", "billed": True})
    assert read(anonymous).key == same.key is not None
    others = [
        {**anonymous, "sender": "79990000002"},
        {**anonymous, "date": "2026-11-20T09:15:03Z"},
        # In the same second: the second of them may be the one that counts.
        {**anonymous, "text": "Спасибо, вкусно"},
        {**anonymous, "text": None},
    ]
    assert len({read(anonymous).key, *(read(other).key for other in others)}) == 5


def test_a_text_with_neither_id_nor_time_counts_each_time() -> None:
    element = read(without(INCOMING, "message_id", "date"))
    assert (element.key, element.reason) == (None, None)
    assert element.data == Inbound("sms", "79990000001", "СТОП", None)


@pytest.mark.parametrize("sender", [None, "", "Kafe", "12", "7" * 16, True, [], 1.5])
def test_only_numbers_write_to_us(sender: object) -> None:
    element = read({**INCOMING, "sender": sender})
    assert (element.key, element.reason) == (None, "sender_invalid")


@pytest.mark.parametrize("sender", ["79990000001", "+79990000001", 79990000001, "3443"])
def test_a_sender_stays_as_it_came(sender: str | int) -> None:
    data = read({**INCOMING, "sender": sender}).data
    assert isinstance(data, Inbound)
    assert data.sender == str(sender)


def test_a_status_is_a_hint() -> None:
    element = read(OUTGOING)
    assert element.key == f"{ID}:DELIVERED"
    assert element.data == Receipt(
        str(ID), ReceiptState.DELIVERED, "DELIVERED", "доставлено", hint=True
    )


def test_an_unknown_status_is_a_hint_without_a_key() -> None:
    element = read({**OUTGOING, "delivery_status": "PARKED"})
    assert (element.key, element.reason) == (None, None)
    assert isinstance(element.data, Receipt)
    assert (element.data.state, element.data.hint) == (ReceiptState.PENDING, True)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (without(OUTGOING, "message_id"), "message_id_missing"),
        (without(OUTGOING, "delivery_status"), "delivery_status_missing"),
        ({**OUTGOING, "delivery_status": "DELIVERY_STATUS_UNSPECIFIED"}, "delivery_status_missing"),
        (without(OUTGOING, "direction"), "event_type"),
        ({"direction": 1, "text": "x"}, "event_type"),
        ({}, "event_type"),
    ],
)
def test_what_counts_for_nothing_has_a_reason_and_no_key(event: object, reason: str) -> None:
    element = read(event)
    assert (element.reason, element.key, element.data) == (reason, None, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"7", b"{", b"\xff"])
def test_what_is_no_object_is_kept_for_a_person(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read(body)


@given(st.integers(10**5, 2**63 - 1))
def test_ids_beyond_floats_stay_exact(number: int) -> None:
    """Up to all that 64 bits hold: nineteen digits."""
    for event in (INCOMING, OUTGOING):
        by_number = read({**event, "message_id": number})
        assert str(number) in str(by_number.key)
        assert by_number == read({**event, "message_id": str(number)})


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the collected samples are not here")
def test_the_fields_that_were_seen_are_enough() -> None:
    element = read((SAMPLES / "wh_inbound_sms_partial.json").read_bytes())
    assert (element.type, element.reason) == ("message.received", None)
    assert element.data == Inbound("sms", "79001234567", "ДА", None)
