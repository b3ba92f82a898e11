import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.webhook import MOST_FIELDS, WEBHOOK, parse, signature, verify
from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.model.receipt import Receipt, ReceiptState

KEY = "5A4DB0C5-0000-4000-8000-000000000000"
CONFIG = SmsruConfig.model_validate({"api_id": KEY})
DELIVERED = "sms_status\n202646-1000017\n103\n1794650400"
FAILED = "sms_status\n202646-1000018\n104\n1794650407"
# No surrogates: what is not UTF-8 comes in as damage, see below.
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


def received(body: bytes) -> Received:
    return Received(body, {}, "", datetime(2026, 11, 14, tzinfo=UTC))


def form(
    records: Sequence[str], *, first: int = 0, key: str = KEY, order: Sequence[int] | None = None
) -> Received:
    """A signed report; `order`: in which order the fields are written."""
    places = range(len(records)) if order is None else order
    fields = [(f"data[{place + first}]", records[place]) for place in places]
    return received(urlencode([*fields, ("hash", signature(key, records))]).encode())


def test_a_report_becomes_a_receipt() -> None:
    assert parse(form([DELIVERED]), CONFIG) == [
        Element(
            type="receipt.updated",
            key="202646-1000017:103:1794650400",
            subject="SMS 202646-1000017",
            occurred_at=datetime(2026, 11, 14, 10, 0, tzinfo=UTC),
            data=Receipt("202646-1000017", ReceiptState.DELIVERED, "103", "доставлено"),
        )
    ]


def test_the_answer_is_exactly_100() -> None:
    assert WEBHOOK.answer == b"100"


@given(st.lists(TEXT, max_size=30), st.sampled_from([0, 1]), st.randoms(use_true_random=False))
def test_the_hash_counts_the_records_in_numeric_order_however_they_are_written(
    records: list[str], first: int, random: object
) -> None:
    order = list(range(len(records)))
    random.shuffle(order)  # type: ignore[attr-defined]
    verify(form(records, first=first, order=order), CONFIG)


@given(st.permutations(range(12)))
def test_elements_come_in_numeric_order(order: list[int]) -> None:
    records = [f"sms_status\n202646-{number}\n103\n1794650400" for number in range(12)]
    elements = parse(form(records, order=order), CONFIG)
    assert [element.subject for element in elements] == [f"SMS 202646-{n}" for n in range(12)]


@pytest.mark.parametrize(
    "report",
    [
        form([DELIVERED], key="another"),
        received(urlencode({"data[0]": DELIVERED}).encode()),
        received(urlencode({"data[0]": DELIVERED, "hash": ""}).encode()),
        received(urlencode({"data[0]": DELIVERED, "hash": "é"}).encode()),
        received(urlencode({"data[0]": FAILED, "hash": signature(KEY, [DELIVERED])}).encode()),
        received(b""),
        received(b"\xff\xfe&hash=\xff"),
    ],
)
def test_what_does_not_prove_its_sender_is_refused(report: Received) -> None:
    with pytest.raises(SignatureInvalid):
        verify(report, CONFIG)


def test_without_a_key_nothing_is_trusted() -> None:
    unset = SmsruConfig.model_validate({"api_id": " "})
    with pytest.raises(SignatureInvalid):
        verify(form([DELIVERED], key=""), unset)


def test_a_hash_in_capitals_is_the_same_hash() -> None:
    report = form([DELIVERED])
    head, _, digest = report.body.rpartition(b"=")
    verify(replace(report, body=head + b"=" + digest.upper()), CONFIG)


@given(st.data())
def test_a_damaged_report_is_refused_or_says_the_same(data: st.DataObject) -> None:
    whole = form([DELIVERED, "test\n1794650401", FAILED])
    start = data.draw(st.integers(0, len(whole.body)))
    end = data.draw(st.integers(start, min(start + 5, len(whole.body))))
    damaged = whole.body[:start] + data.draw(st.binary(max_size=4)) + whole.body[end:]
    report = received(damaged)
    try:
        verify(report, CONFIG)
    except SignatureInvalid:
        return
    assert parse(report, CONFIG) == parse(whole, CONFIG)


@given(st.binary(max_size=200) | st.lists(TEXT).map(lambda r: form(r).body))
def test_any_body_parses_or_is_refused_as_a_whole(body: bytes) -> None:
    try:
        elements = parse(received(body), CONFIG)
    except PayloadInvalid:
        return
    for element in elements:
        assert (element.key is None) == (element.data is None) == (element.reason is not None)


@pytest.mark.parametrize(
    "body",
    [
        b"data[0]=test&data[0]=test",
        b"data[0]=test&data[00]=test",
        b"data[0]=test&hash=a&hash=b",
        b"data[99999999999]=test",
        b"data[-1]=test",
        b"data[]=test",
        b"data=test",
        "data[٣]=test".encode(),
        b"",
        b"[]",
        b"&".join(b"data[%d]=test" % number for number in range(MOST_FIELDS + 1)),
    ],
)
def test_a_hostile_form_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        parse(received(body), CONFIG)


@pytest.mark.parametrize(
    ("record", "type_", "reason"),
    [
        ("test\n1794650400", "heartbeat.received", "heartbeat"),
        ("test", "heartbeat.received", "heartbeat"),
        ("callcheck_status\n202646-48000001\n401\n1794650400", "callcheck.updated", "event_type"),
        ("balance_low\n100", "unknown.received", "event_type"),
        ("", "unknown.received", "event_type"),
        ("sms_status", "receipt.updated", "malformed"),
        ("sms_status\n202646-1\nok\n1794650400", "receipt.updated", "malformed"),
        ("sms_status\n202646-1\n103\nyesterday", "receipt.updated", "malformed"),
        ("sms_status\n202646-1\n103\n99999999999999", "receipt.updated", "malformed"),
        ("sms_status\n202646-1\n١٠٣\n1794650400", "receipt.updated", "malformed"),
        ("sms_status\n" + "9" * 65 + "\n103\n1794650400", "receipt.updated", "malformed"),
        ("sms_status\n2026\x0046\n103\n1794650400", "receipt.updated", "malformed"),
    ],
)
def test_a_record_that_is_no_receipt_costs_the_others_nothing(
    record: str, type_: str, reason: str
) -> None:
    element, receipt = parse(form([record, DELIVERED]), CONFIG)
    assert (element.type, element.reason, element.key, element.data) == (type_, reason, None, None)
    assert receipt.key == "202646-1000017:103:1794650400"


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ("sms_status\n202646-1\n103", "202646-1:103:"),
        ("sms_status\n202646-1\n103\n", "202646-1:103:"),
        ("sms_status\r\n202646-1\r\n-1\r\n1794650400\r\n", "202646-1:-1:1794650400"),
        ("sms_status\n202646-1\n199\n1794650400\nnew\nlines", "202646-1:199:1794650400"),
    ],
)
def test_missing_and_extra_lines_are_tolerated(record: str, key: str) -> None:
    (element,) = parse(form([record]), CONFIG)
    assert element.key == key
    assert element.data is not None


def test_a_report_signed_elsewhere(samples: Path) -> None:
    sample = json.loads((samples / "smsru" / "callback_sms_status_signed.json").read_text())
    config = SmsruConfig.model_validate({"api_id": sample["api_id"]})
    report = received(sample["body"].encode())
    verify(report, config)
    elements = parse(report, config)
    assert [element.key for element in elements] == [
        "201737-100000:103:1786346415",
        "201737-100001:104:1786346416",
    ]
    assert WEBHOOK.answer.decode() == sample["must_reply"]


def test_records_seen_in_production(samples: Path) -> None:
    sample = json.loads((samples / "smsru" / "callback_real_mixed_payload.json").read_text())
    elements = parse(form(list(sample["data"].values())), CONFIG)
    assert [element.reason for element in elements] == ["heartbeat", "event_type"] * 2
