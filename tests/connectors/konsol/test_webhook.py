import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.webhook import WEBHOOK
from uzel.errors import PayloadInvalid
from uzel.model.payout_hint import PayoutHint

CONFIG = KonsolConfig.model_validate({"token": "token"})
ID = "7c1e52d0-0000-4000-8000-000000000001"
PAYMENT = {
    "id": ID,
    "contractor_id": "7c1e52d0-0000-4000-8000-000000000051",
    "amount": 1500.0,
    "status": "executed",
    "kind": "card",
    "requisites": "220000******0004",
    "paid_at": "2026-11-20T09:25:10Z",
}
CONTRACTOR = {"id": ID, "kind": "self_employed", "taxpayer_id": 500100732259}


def told(body: Any) -> Element:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    (element,) = WEBHOOK.parse(Received(content, {}, "", datetime.now(UTC)), CONFIG)
    return element


def test_a_callback_is_a_hint_and_no_more() -> None:
    element = told({"action_name": "executed", "payload": PAYMENT})
    assert element == Element(
        "payout.told",
        subject=ID,
        occurred_at=datetime(2026, 11, 20, 9, 25, 10, tzinfo=UTC),
        data=PayoutHint(ID, "executed"),
    )
    assert WEBHOOK.verify is None


@pytest.mark.parametrize("action", ["created", "failed", "executed", "x", None, 7, []])
def test_the_action_decides_nothing(action: Any) -> None:
    payment = told({"action_name": action, "payload": PAYMENT})
    assert payment.data == PayoutHint(ID, "executed")
    assert told({"action_name": action, "payload": CONTRACTOR}).reason == "contractor_event"
    assert told({"payload": PAYMENT}) == payment


@pytest.mark.parametrize("name", ["amount", "contractor_id", "requisites", "paid_at"])
def test_any_field_of_a_payment_makes_it_one(name: str) -> None:
    payload = {"id": ID, "kind": "card", "status": "created", name: PAYMENT[name]}
    assert told({"payload": payload}).data == PayoutHint(ID, "created")


def test_nothing_of_who_is_paid_goes_on() -> None:
    whole = {**PAYMENT, "requisites": "2200000000000004", "error_message": "2200000000000004"}
    assert "2200000000000004" not in repr(told({"action_name": "failed", "payload": whole}))


@pytest.mark.parametrize("identifier", [None, "", "x", 0, -1, 1.5, [], {}, True, "a b", "1" * 65])
def test_a_payment_without_an_id_leads_to_nothing(identifier: Any) -> None:
    element = told({"action_name": "executed", "payload": {**PAYMENT, "id": identifier}})
    assert (element.reason, element.data, element.key) == ("payment_id_missing", None, None)


@pytest.mark.parametrize("status", [None, "", [], 1.5])
def test_a_hint_may_be_without_a_status(status: Any) -> None:
    element = told({"payload": {**PAYMENT, "status": status, "paid_at": None}})
    assert (element.data, element.occurred_at) == (PayoutHint(ID, None), None)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null", b'"x"', b"\xff", b'{"payload": '])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        told(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*PAYMENT, *CONTRACTOR, "x"]), inner, max_size=6)
    ),
    max_leaves=10,
)


@given(payload=JSON, action=JSON)
def test_a_hint_names_the_payment_of_its_payload_or_none(payload: Any, action: Any) -> None:
    element = told({"action_name": action, "payload": payload})
    assert element.key is None
    if isinstance(element.data, PayoutHint):
        assert element.subject == element.data.payment_id == str(payload["id"])
        assert element.reason is None
    else:
        assert element.reason in ("event_type", "contractor_event", "payment_id_missing")


def test_the_documented_callbacks_are_read(samples: Any) -> None:
    folder = samples / "konsol"
    payment = told((folder / "real_callback_payment.json").read_bytes())
    assert isinstance(payment.data, PayoutHint)
    assert payment.data.status == "executed"
    contractor = told((folder / "real_callback_contractor.json").read_bytes())
    assert contractor.reason == "contractor_event"
