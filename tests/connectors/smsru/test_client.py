"""The client against the sandbox, and against answers the sandbox would not give."""

import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.smsru import CONNECTOR
from uzel.connectors.smsru.client import url_digest
from uzel.connectors.smsru.config import SmsruConfig
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)

Run = Callable[[SmsruConfig, str, Mapping[str, Any]], Answer]
Answering = Callable[[bytes], SmsruConfig]

TEXT = {"phone": "+79990000001", "text": "Спасибо за визит! Оцените нас: https://r.example/1"}
READS = ("sms_status", "sms_cost", "balance", "limit", "auth_check", "stoplist_get", "callback_get")
ARGUMENTS: Mapping[str, Any] = {**TEXT, "ids": ["1-1"], "note": "", "url": "https://u.example"}


def sent(control: httpx2.Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = control.get("/_journal?operation=send_sms").json()
    return entries


def test_a_text_is_accepted_and_charged(
    run: Run, config: SmsruConfig, control: httpx2.Client
) -> None:
    answer = run(config, "send_sms", TEXT)
    (entry,) = sent(control)
    assert entry["effect"] is True
    assert entry["request"]["phone"] == TEXT["phone"]
    assert entry["request"]["text"] == TEXT["text"]
    (status,) = run(config, "sms_status", {"ids": [answer.reference]}).data["messages"]
    left = run(config, "balance", {}).data["balance_minor"]
    assert answer.data == {"balance_minor": left}
    assert left == 100_000_000 - status["cost_minor"]
    assert (answer.currency, status["reference"]) == ("RUB", answer.reference)


def test_a_send_is_one_form_without_a_query_or_a_partner(
    run: Run, answering: Answering, asked: list[tuple[str, str]]
) -> None:
    provider = answering(recipients(status="OK", sms_id="202626-1"))
    run(provider, "send_sms", TEXT)
    run(provider.model_copy(update={"sender": "Kafe", "test": True}), "send_sms", TEXT)
    assert [target for target, _ in asked] == ["/sms/send", "/sms/send"]
    plain = {"api_id": "key", "json": "1", "to": "79990000001", "msg": TEXT["text"]}
    assert [dict(parse_qsl(body)) for _, body in asked] == [
        plain,
        {**plain, "from": "Kafe", "test": "1"},
    ]


@pytest.mark.parametrize(
    ("lifetime_s", "ttl"),
    [
        (60, "1"),
        (119.9, "1"),
        (120, "2"),
        (6 * 3600, "360"),
        (86_400, "1440"),
        (7 * 86_400, "1440"),
        (59, "1"),
        (0, "1"),
        (-5, "1"),
    ],
)
def test_a_lifetime_is_whole_minutes_and_never_longer_than_asked_for_but_the_first(
    run: Run, config: SmsruConfig, control: httpx2.Client, lifetime_s: float, ttl: str
) -> None:
    run(config, "send_sms", {**TEXT, "lifetime_s": lifetime_s})
    assert [entry["request"]["ttl"] for entry in sent(control)] == [ttl]


@pytest.mark.parametrize("arguments", [TEXT, {**TEXT, "lifetime_s": None}])
def test_without_a_lifetime_none_is_sent(
    run: Run, config: SmsruConfig, control: httpx2.Client, arguments: Mapping[str, Any]
) -> None:
    run(config, "send_sms", arguments)
    assert [entry["request"]["ttl"] for entry in sent(control)] == [None]


def test_test_mode_sends_and_costs_nothing(
    run: Run, config: SmsruConfig, control: httpx2.Client
) -> None:
    run(config.model_copy(update={"test": True}), "send_sms", TEXT)
    assert [entry["effect"] for entry in sent(control)] == [False]
    assert run(config, "balance", {}).data["balance_minor"] == 100_000_000


def test_a_refused_recipient_is_a_failure_though_it_has_an_id(
    run: Run, config: SmsruConfig, control: httpx2.Client
) -> None:
    control.post("/smsru/_settings", json={"refuse_with": 221})
    with pytest.raises(AuthFailed) as caught:
        run(config, "send_sms", TEXT)
    assert caught.value.code == "221"


@pytest.mark.parametrize(
    ("settings", "phone", "error", "code"),
    [
        ({"balance_minor": 499}, "+79990000001", AuthFailed, "201"),
        ({}, "+77010000001", Rejected, "207"),
        ({}, "+7999", Rejected, "202"),
        ({"daily_per_number": 0}, "+79990000001", RateLimited, "230"),
        ({"daily_limit": 0}, "+79990000001", RateLimited, "206"),
        ({"refuse_with": 220}, "+79990000001", Unavailable, "220"),
        ({"refuse_with": 500}, "+79990000001", OutcomeUnknown, "500"),
        ({"refuse_with": 215}, "+79990000001", Rejected, "215"),
    ],
)
def test_codes_become_errors_and_cost_nothing(
    run: Run,
    config: SmsruConfig,
    control: httpx2.Client,
    settings: dict[str, Any],
    phone: str,
    error: type[CallFailed],
    code: str,
) -> None:
    control.post("/smsru/_settings", json=settings).raise_for_status()
    with pytest.raises(error) as caught:
        run(config, "send_sms", {**TEXT, "phone": phone})
    assert caught.value.code == code
    assert [entry["effect"] for entry in sent(control)] == [False]


@pytest.mark.parametrize("key", ["bad-key", ""])
def test_an_unknown_key_pauses_the_connection(run: Run, config: SmsruConfig, key: str) -> None:
    wrong = SmsruConfig.model_validate({"api_id": key, "base_url": config.base_url})
    for operation in CONNECTOR.operations:
        with pytest.raises(AuthFailed) as caught:
            run(wrong, operation, ARGUMENTS)
        assert caught.value.code == "200"


def test_the_same_text_at_once_is_a_duplicate_and_not_sent_again(
    run: Run, config: SmsruConfig, control: httpx2.Client
) -> None:
    run(config, "send_sms", TEXT)
    with pytest.raises(Rejected) as caught:
        run(config, "send_sms", TEXT)
    assert (caught.value.code, caught.value.suppress) == ("231", False)
    assert [entry["effect"] for entry in sent(control)] == [True, False]


def test_the_stop_list(run: Run, config: SmsruConfig) -> None:
    run(config, "stoplist_add", {"phone": TEXT["phone"], "note": "просил не писать"})
    listed = run(config, "stoplist_get", {}).data
    assert listed == {"stoplist": {TEXT["phone"]: "просил не писать"}}
    with pytest.raises(Rejected) as caught:
        run(config, "send_sms", TEXT)
    assert (caught.value.code, caught.value.suppress) == ("209", True)
    run(config, "stoplist_del", {"phone": TEXT["phone"]})
    assert run(config, "stoplist_get", {}).data == {"stoplist": {}}


def test_addresses_for_reports_are_shown_without_their_key(
    run: Run, config: SmsruConfig, control: httpx2.Client
) -> None:
    url = "http://127.0.0.1:9/api/webhook/smsru?key=hidden"
    added = run(config, "callback_add", {"url": url})
    shown = {"callbacks": [{"url": url.partition("?")[0], "digest": url_digest(url)}]}
    assert added.data == shown
    assert run(config, "callback_get", {}).data == shown
    assert run(config, "callback_del", {"url": url}).data == {"callbacks": []}
    assert run(config, "callback_del", {"url": url}).data == {}, "taking away twice is fine"
    assert "hidden" not in control.get("/_journal").text
    with pytest.raises(Rejected) as caught:
        run(config, "callback_add", {"url": "no address"})
    assert caught.value.code == "901"


def test_a_price_and_a_limit(run: Run, config: SmsruConfig) -> None:
    price = run(config, "sms_cost", {**TEXT, "text": "ы" * 71})
    assert (price.cost_minor, price.currency, price.data) == (1000, "RUB", {"parts": 2})
    run(config, "send_sms", TEXT)
    assert run(config, "limit", {}).data == {"total": 1_000_000, "used_today": 1}


def test_an_unknown_message_is_failed_and_others_are_told_beside_it(
    run: Run, config: SmsruConfig
) -> None:
    reference = run(config, "send_sms", TEXT).reference
    unknown, known = run(config, "sms_status", {"ids": ["1-1", reference]}).data["messages"]
    assert (unknown["known"], unknown["code"], unknown["cost_minor"]) == (False, "-1", None)
    assert (known["reference"], known["cost_minor"]) == (reference, 500)


def test_more_than_a_hundred_ids_are_refused_here(run: Run, config: SmsruConfig) -> None:
    with pytest.raises(Rejected):
        run(config, "sms_status", {"ids": ["1-1"] * 101})


STRANGE = {
    "a page": b"<html><h1>503</h1></html>",
    "nothing": b"",
    "half": b'{"status":"OK","sms":{',
    "no UTF-8": b'{"status":"\xff"}',
    "too deep": b"[" * 100_000,
    "an absurd exponent": b'{"status":"OK","balance":1e99999999999999999999}',
    "an absurd integer": b'{"balance":' + b"9" * 5000 + b"}",
}
ODD = {
    "a list": b"[]",
    "a number": b"100",
    "null": b"null",
    "no status": b"{}",
    "another status": b'{"status":"MAYBE","status_code":100}',
}


@pytest.mark.parametrize("body", [*STRANGE.values(), *ODD.values()])
def test_a_send_with_an_unreadable_answer_may_have_happened(
    run: Run, answering: Answering, body: bytes
) -> None:
    with pytest.raises(CallFailed) as caught:
        run(answering(body), "send_sms", TEXT)
    assert type(caught.value) is OutcomeUnknown


@pytest.mark.parametrize("operation", READS)
def test_a_read_with_an_unreadable_answer_may_be_asked_again(
    run: Run, answering: Answering, operation: str
) -> None:
    for body in STRANGE.values():
        with pytest.raises(CallFailed) as caught:
            run(answering(body), operation, ARGUMENTS)
        assert type(caught.value) is Unavailable


@pytest.mark.parametrize("operation", READS)
def test_a_read_with_another_shape_breaks_the_contract(
    run: Run, answering: Answering, operation: str
) -> None:
    for body in ODD.values():
        with pytest.raises(CallFailed) as caught:
            run(answering(body), operation, ARGUMENTS)
        assert type(caught.value) is ContractBroken


def recipients(**entry: Any) -> bytes:
    return json.dumps({"status": "OK", "status_code": 100, "sms": {"79990000001": entry}}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"OK","status_code":100}',
        b'{"status":"OK","status_code":100,"sms":[]}',
        b'{"status":"OK","status_code":100,"sms":{"79990000001":null}}',
        b'{"status":"OK","sms":{"79990000008":{"status":"OK"},"79990000009":{"status":"OK"}}}',
        recipients(status_code=100, sms_id="202626-1"),
        recipients(status=None),
        recipients(status="ERROR", status_code=500),
    ],
)
def test_a_send_that_does_not_say_what_became_of_its_number_is_unknown(
    run: Run, answering: Answering, body: bytes
) -> None:
    with pytest.raises(OutcomeUnknown):
        run(answering(body), "send_sms", TEXT)


def test_types_may_wander(run: Run, answering: Answering) -> None:
    body = recipients(status="ERROR", status_code="209", sms_id="202626-1")
    with pytest.raises(Rejected) as caught:
        run(answering(body), "send_sms", TEXT)
    assert caught.value.suppress
    accepted = run(answering(recipients(status="OK", status_code="100")), "send_sms", TEXT)
    assert (accepted.reference, accepted.data) == (None, {"balance_minor": None})
    limits = b'{"status":"OK","total_limit":"10","used_today":null}'
    assert run(answering(limits), "limit", {}).data == {"total": 10, "used_today": None}
    empty = b'{"status":"OK","stoplist":[],"callback":null}'
    assert run(answering(empty), "stoplist_get", {}).data == {"stoplist": {}}
    assert run(answering(empty), "callback_get", {}).data == {"callbacks": []}


def test_the_providers_words_do_not_reach_the_error(run: Run, answering: Answering) -> None:
    body = recipients(status="ERROR", status_code=202, status_text="номер 79990000001 неверен")
    with pytest.raises(Rejected) as caught:
        run(answering(body), "send_sms", TEXT)
    assert "79990000001" not in "".join(traceback.format_exception(caught.value))
