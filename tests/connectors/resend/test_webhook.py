import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import BodyKind, Element, Received
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.sandbox import SETTINGS
from uzel.connectors.resend.signature import sign, signing_key
from uzel.connectors.resend.webhook import WEBHOOK, parse, verify
from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.kit.http_file import read_http_file
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut
from uzel.model.receipt import Receipt, ReceiptState

CONFIG = ResendConfig.model_validate(SETTINGS)
KEY = signing_key(SETTINGS["webhook_secret"])
NOW = datetime(2026, 11, 14, 10, 0, tzinfo=UTC)
EMAIL = "7b1f4c2e-0000-4000-8000-000000000001"
OURS = "0c2d7f1e-17"
SAMPLES = sorted(
    (one for one in files("uzel.connectors.resend").joinpath("samples").iterdir()),
    key=lambda one: one.name,
)


def received(event: Any, *, message_id: str = "msg_1") -> Received:
    """A signed request."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    at = str(int(NOW.timestamp()))
    headers = {
        "svix-id": message_id,
        "svix-timestamp": at,
        "svix-signature": sign(KEY, message_id, at, body),
    }
    return Received(body, headers, "", NOW)


def email(word: str, **data: Any) -> dict[str, Any]:
    data = {"email_id": EMAIL, "to": ["anna@post.example"], "tags": {"uzel": OURS}, **data}
    return {"type": f"email.{word}", "created_at": "2026-11-14T09:59:58.120Z", "data": data}


def read(event: Any) -> Element:
    (element,) = parse(received(event), CONFIG)
    return element


def receipt(event: Any) -> Receipt:
    data = read(event).data
    assert isinstance(data, Receipt)
    return data


def test_an_event_becomes_a_receipt_that_finds_its_message_by_two_names() -> None:
    assert read(email("delivered")) == Element(
        type="receipt.updated",
        key="msg_1",
        subject=f"письмо {EMAIL}",
        occurred_at=datetime(2026, 11, 14, 9, 59, 58, 120_000, tzinfo=UTC),
        data=Receipt(EMAIL, ReceiptState.DELIVERED, "delivered", "доставлено", ours=OURS),
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", "pending"),
        ("scheduled", "pending"),
        ("sent", "pending"),
        ("delivery_delayed", "pending"),
        ("delivered", "delivered"),
        ("opened", "read"),
        ("clicked", "read"),
        ("complained", "read"),
        ("bounced", "failed"),
        ("failed", "failed"),
        ("suppressed", "failed"),
        ("canceled", "failed"),
    ],
)
def test_every_word_has_its_state(word: str, state: str) -> None:
    assert receipt(email(word)).state == state


@pytest.mark.parametrize(
    ("word", "data", "suppress"),
    [
        ("complained", {}, "complaint"),
        ("bounced", {"bounce": {"type": "Permanent", "subType": "General"}}, "bounce"),
        ("bounced", {"bounce": {"type": "Transient", "subType": "General"}}, None),
        ("bounced", {"bounce": {"type": "Temporary", "subType": "MailboxFull"}}, None),
        ("bounced", {"bounce": {"type": "Undetermined", "subType": "Undetermined"}}, None),
        ("bounced", {"bounce": {"message": "hard"}}, None),
        ("bounced", {}, None),
        ("bounced", {"bounce": ["Permanent"]}, None),
        ("suppressed", {}, "bounce"),
        ("suppressed", {"suppressed": {"reason": "previous_bounce"}}, "bounce"),
        ("suppressed", {"suppressed": {"reason": "previous_complaint"}}, "complaint"),
        ("failed", {"failed": {"reason": "reached_daily_quota"}}, None),
        ("delivered", {"bounce": {"type": "Permanent"}}, None),
    ],
)
def test_who_must_not_be_written_to_again(
    word: str, data: dict[str, Any], suppress: str | None
) -> None:
    told = receipt(email(word, **data))
    assert told.suppress == suppress
    assert told.unreachable is (True if suppress == "bounce" else None)


def test_the_reason_is_told_where_it_is_known_and_the_providers_words_never_are() -> None:
    full = email("bounced", bounce={"subType": "MailboxFull", "message": "anna@post.example full"})
    assert receipt(full).detail == "не доставлено: ящик получателя переполнен"
    assert "anna" not in repr(receipt(full))
    quota = email("failed", failed={"reason": "reached_daily_quota"})
    assert receipt(quota).detail == "не отправлено: исчерпана квота Resend"
    other = email("failed", failed={"reason": "anna@post.example"})
    assert receipt(other).detail == "не отправлено"


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ({"uzel": OURS, "category": "x"}, OURS),
        ([{"name": "category", "value": "x"}, {"name": "uzel", "value": OURS}], OURS),
        ({"category": "x"}, None),
        ({"uzel": ""}, None),
        ({"uzel": "a b"}, None),
        ({"uzel": "x" * 65}, None),
        ({"uzel": 17}, None),
        ([{"name": "uzel"}, None, 1], None),
        ([{"name": ["uzel"], "value": OURS}], None),
        ("uzel", None),
        (None, None),
    ],
)
def test_our_reference_comes_back_in_the_tags(tags: Any, ours: str | None) -> None:
    assert receipt(email("sent", tags=tags)).ours == ours


@pytest.mark.parametrize(
    ("origin", "why"),
    [("bounce", "bounce"), ("complaint", "complaint"), ("manual", "user_stopped")],
)
def test_a_list_of_theirs_becomes_an_opt_out(origin: str, why: str) -> None:
    data = {"id": "e169aa45", "email": "boris@post.example", "origin": origin}
    stopped = read({"type": "suppression.added", "data": data})
    assert (stopped.type, stopped.key) == ("recipient.stopped", "msg_1")
    assert stopped.data == OptOut("boris@post.example", True, why)
    resumed = read({"type": "suppression.removed", "data": data})
    assert (resumed.type, resumed.key) == ("recipient.resumed", "msg_1")
    assert resumed.data == OptOut("boris@post.example", False, why)


@pytest.mark.parametrize(
    ("data", "inbound"),
    [
        (
            {"from": "anna@post.example", "subject": "СТОП", "email_id": EMAIL},
            Inbound("email", "anna@post.example", "СТОП", EMAIL),
        ),
        (
            {"from": "Анна <anna@post.example>", "subject": "Re: Как вам?", "text": "Хорошо"},
            Inbound("email", "anna@post.example", "Хорошо"),
        ),
        ({"from": "anna@post.example", "subject": ""}, Inbound("email", "anna@post.example")),
    ],
)
def test_an_answer_is_a_message(data: dict[str, Any], inbound: Inbound) -> None:
    element = read({"type": "email.received", "data": data})
    assert (element.type, element.key) == ("message.received", "msg_1")
    assert element.data == inbound


@pytest.mark.parametrize(
    ("event", "type_", "reason"),
    [
        (email("delivered", email_id=None), "receipt.updated", "malformed"),
        (email("delivered", email_id="x"), "receipt.updated", "malformed"),
        ({"type": "email.delivered"}, "receipt.updated", "malformed"),
        ({"type": "suppression.added", "data": {}}, "recipient.stopped", "malformed"),
        (
            {"type": "suppression.removed", "data": {"email": "a@b.example", "origin": "new"}},
            "recipient.resumed",
            "malformed",
        ),
        (
            {"type": "suppression.added", "data": {"email": "a, b@c.d", "origin": "manual"}},
            "recipient.stopped",
            "malformed",
        ),
        ({"type": "email.received", "data": {"subject": "x"}}, "message.received", "malformed"),
        (email("archived"), "unknown.received", "event_type"),
        ({"type": "contact.updated", "data": {}}, "contact.updated", "event_type"),
        ({"type": "domain.deleted"}, "domain.deleted", "event_type"),
        ({"type": "delivered", "data": {"email_id": EMAIL}}, "unknown.received", "event_type"),
        ({"type": None}, "unknown.received", "event_type"),
        ({}, "unknown.received", "event_type"),
    ],
)
def test_what_leads_to_nothing_says_why_and_has_no_key(event: Any, type_: str, reason: str) -> None:
    element = read(event)
    assert (element.type, element.reason, element.key, element.data) == (type_, reason, None, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 5000])
def test_what_is_no_event_is_parked(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        parse(received(body), CONFIG)


@given(st.text("abcXYZ019_.-", min_size=1, max_size=128), st.sampled_from(["sent", "opened"]))
def test_what_is_repeated_keeps_its_key(message_id: str, word: str) -> None:
    (first,) = parse(received(email(word), message_id=message_id), CONFIG)
    assert first.key == message_id
    standard = {"webhook-id": message_id}
    (second,) = parse(Received(received(email(word)).body, standard, "", NOW), CONFIG)
    assert second == first


def test_a_signed_event_is_let_in_and_a_changed_one_is_not() -> None:
    event = received(email("delivered"))
    verify(event, CONFIG)
    with pytest.raises(SignatureInvalid):
        verify(replace(event, body=event.body.replace(b"delivered", b"bounced")), CONFIG)
    with pytest.raises(SignatureInvalid):
        verify(replace(event, received_at=NOW + timedelta(minutes=6)), CONFIG)


def test_without_a_secret_nothing_is_trusted() -> None:
    unset = CONFIG.model_copy(update={"webhook_secret": None})
    with pytest.raises(SignatureInvalid, match="webhook_secret"):
        verify(received(email("delivered")), unset)


@given(st.data())
def test_a_damaged_request_is_refused_or_the_same(data: st.DataObject) -> None:
    whole = received(email("delivered"))
    start = data.draw(st.integers(0, len(whole.body)))
    end = data.draw(st.integers(start, min(start + 5, len(whole.body))))
    damaged = whole.body[:start] + data.draw(st.binary(max_size=4)) + whole.body[end:]
    try:
        verify(replace(whole, body=damaged), CONFIG)
    except SignatureInvalid:
        return
    assert damaged == whole.body


@pytest.mark.parametrize(
    "sample", [one for one in SAMPLES if one.name.endswith(".http")], ids=lambda one: str(one.name)
)
def test_the_samples_are_signed_with_the_secret_of_the_sandbox(sample: Any) -> None:
    request = read_http_file(sample.read_bytes())
    sent_at = next(v for name, v in request.headers.items() if name.endswith("-timestamp"))
    at = datetime.fromtimestamp(int(sent_at), UTC)
    verify(Received(request.body, request.headers, request.query, at), CONFIG)


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 20
    assert WEBHOOK.body is BodyKind.JSON
