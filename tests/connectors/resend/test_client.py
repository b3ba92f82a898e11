"""The client against the sandbox, and against answers the sandbox would not give."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.resend import CONNECTOR
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.sandbox import EXAMPLES
from uzel.errors import (
    AuthFailed,
    CallFailed,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)

Run = Callable[[ResendConfig, str, Mapping[str, Any]], Answer]
Answering = Callable[..., ResendConfig]
Requests = list[tuple[Mapping[str, str], bytes]]

LETTER = {**EXAMPLES["send_email"], "to": "anna@post.example"}
ACCEPTED = b'{"id":"49a3999c-0ce1-4ea6-ab68-000000000001"}'


def mailbox(control: httpx2.Client) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = control.get("/resend/_mailbox").json()
    return letters


def effects(control: httpx2.Client) -> list[bool]:
    entries = control.get("/_journal?connector=resend&operation=send_email").json()
    return [entry["effect"] for entry in entries if entry["operation"] == "send_email"]


def test_an_email_is_sent_as_it_was_written(
    run: Run, config: ResendConfig, control: httpx2.Client
) -> None:
    answer = run(config, "send_email", LETTER)
    (letter,) = mailbox(control)
    assert answer == Answer(reference=letter["id"])
    assert (letter["from"], letter["to"]) == (config.sender, ["anna@post.example"])
    assert [letter[name] for name in ("subject", "text", "html")] == [
        LETTER[name] for name in ("subject", "text", "html")
    ]
    assert letter["headers"] == {
        "List-Unsubscribe": "<https://uzel.example/u/1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert letter["tags"] == [{"name": "uzel", "value": LETTER["reference"]}]
    assert letter["idempotency_key"] == LETTER["reference"]


def test_what_resend_demands_of_a_request(run: Run, answering: Answering, asked: Requests) -> None:
    run(answering(ACCEPTED), "send_email", LETTER)
    ((headers, body),) = asked
    assert headers["user-agent"] == "uzel"
    assert headers["authorization"].startswith("Bearer re_")
    assert headers["idempotency-key"] == LETTER["reference"]
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["to"] == ["anna@post.example"]


def test_a_repetition_is_the_same_request_byte_for_byte(
    run: Run, answering: Answering, asked: Requests
) -> None:
    provider = answering(ACCEPTED)
    run(provider, "send_email", LETTER)
    run(provider, "send_email", dict(reversed(json.loads(json.dumps(LETTER)).items())))
    assert asked[0] == asked[1]


def test_a_repetition_sends_nothing_and_has_the_first_answer(
    run: Run, config: ResendConfig, control: httpx2.Client
) -> None:
    first = run(config, "send_email", LETTER)
    assert run(config, "send_email", LETTER) == first
    assert len(mailbox(control)) == 1
    assert effects(control) == [True, False]


@pytest.mark.parametrize("kind", ["reset", "garbage"])
def test_a_lost_answer_is_found_again_by_asking_again(
    run: Run, config: ResendConfig, control: httpx2.Client, kind: str
) -> None:
    fault = {"connector": "resend", "operation": "send_email", "kind": kind}
    control.post("/_faults", json=fault).raise_for_status()
    with pytest.raises(OutcomeUnknown):
        run(config, "send_email", LETTER)
    assert CONNECTOR.operations["send_email"].repeatable
    answer = run(config, "send_email", LETTER)
    assert [letter["id"] for letter in mailbox(control)] == [answer.reference]


def test_after_the_key_is_forgotten_it_would_be_sent_again(
    run: Run, config: ResendConfig, control: httpx2.Client
) -> None:
    control.post("/resend/_settings", json={"remember_s": 0})
    run(config, "send_email", LETTER)
    run(config, "send_email", LETTER)
    assert len(mailbox(control)) == 2


def test_another_sender_between_two_attempts_ends_the_message(
    run: Run, config: ResendConfig, control: httpx2.Client
) -> None:
    run(config, "send_email", LETTER)
    changed = config.model_copy(update={"sender": "Бар <bar@mail.kafe.example>"})
    with pytest.raises(Rejected) as caught:
        run(changed, "send_email", LETTER)
    assert (caught.value.code, caught.value.final) == ("invalid_idempotent_request", True)
    assert len(mailbox(control)) == 1


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [
        ({"html": None}, {"html"}),
        ({"text": ""}, {"text"}),
        ({"unsubscribe_url": None}, {"headers"}),
    ],
)
def test_what_is_not_given_is_not_sent(
    run: Run,
    answering: Answering,
    asked: Requests,
    left_out: dict[str, Any],
    gone: set[str],
) -> None:
    provider = answering(ACCEPTED)
    run(provider, "send_email", LETTER)
    run(provider, "send_email", {**LETTER, **left_out})
    whole, less = (set(json.loads(body)) for _, body in asked)
    assert whole - less == gone
    assert "reply_to" not in whole


def test_answers_go_where_the_settings_say(run: Run, answering: Answering, asked: Requests) -> None:
    provider = answering(ACCEPTED).model_copy(update={"reply_to": "owner@kafe.example"})
    run(provider, "send_email", LETTER)
    assert json.loads(asked[0][1])["reply_to"] == "owner@kafe.example"


def test_texts_are_made_fit_to_be_sent(run: Run, answering: Answering, asked: Requests) -> None:
    odd = {"subject": " Как\r\nBcc: x@y.example ", "text": "а\x00б\ud800", "html": None}
    run(answering(ACCEPTED), "send_email", {**LETTER, **odd, "to": " anna@post.example "})
    body = json.loads(asked[0][1])
    assert body["subject"] == "Как Bcc: x@y.example"
    assert body["text"] == "аб"
    assert body["to"] == ["anna@post.example"]


@pytest.mark.parametrize(
    ("wrong", "code", "unreachable"),
    [
        ({"to": "anna@post.example, boris@post.example"}, "to", True),
        ({"to": "Анна <anna@post.example>"}, "to", True),
        ({"to": "anna@post"}, "to", True),
        ({"to": ""}, "to", True),
        ({"text": "", "html": None}, "content", False),
        ({"reference": "a b"}, "reference", False),
        ({"reference": ""}, "reference", False),
        (
            {"unsubscribe_url": "https://u.example/1>, <https://evil.example"},
            "unsubscribe_url",
            False,
        ),
        ({"unsubscribe_url": "https://u.example/1\r\nBcc: x@y.example"}, "unsubscribe_url", False),
        ({"unsubscribe_url": "javascript:alert(1)"}, "unsubscribe_url", False),
    ],
)
def test_what_would_be_misunderstood_is_not_asked_for(
    run: Run,
    answering: Answering,
    asked: Requests,
    wrong: dict[str, Any],
    code: str,
    unreachable: bool,
) -> None:
    with pytest.raises(Rejected) as caught:
        run(answering(ACCEPTED), "send_email", {**LETTER, **wrong})
    assert (caught.value.code, caught.value.unreachable) == (code, unreachable)
    assert asked == []


@pytest.mark.parametrize(
    ("settings", "changes", "to", "error", "code"),
    [
        ({"daily_quota": 0}, {}, "anna@post.example", RateLimited, "daily_quota_exceeded"),
        ({"monthly_quota": 0}, {}, "anna@post.example", AuthFailed, "monthly_quota_exceeded"),
        ({"verified": []}, {}, "anna@post.example", AuthFailed, "validation_error"),
        ({}, {"sender": "x@resend.dev"}, "anna@post.example", AuthFailed, "validation_error"),
        ({}, {}, "anna@example.com", Rejected, "validation_error"),
    ],
)
def test_refusals_become_errors_and_send_nothing(
    run: Run,
    config: ResendConfig,
    control: httpx2.Client,
    settings: dict[str, Any],
    changes: dict[str, Any],
    to: str,
    error: type[CallFailed],
    code: str,
) -> None:
    control.post("/resend/_settings", json=settings).raise_for_status()
    with pytest.raises(error) as caught:
        run(config.model_copy(update=changes), "send_email", {**LETTER, "to": to})
    assert caught.value.code == code
    assert effects(control) == [False]


def with_key(config: ResendConfig, key: str) -> ResendConfig:
    return ResendConfig.model_validate({**config.model_dump(), "api_key": key})


def test_a_wrong_key_pauses_the_connection(run: Run, config: ResendConfig) -> None:
    for operation in CONNECTOR.operations:
        with pytest.raises(AuthFailed):
            run(with_key(config, "re_bad"), operation, EXAMPLES[operation])


def test_a_key_that_may_only_send_sends_and_is_not_paused_for_what_it_may_not(
    run: Run, config: ResendConfig
) -> None:
    sending = with_key(config, "re_send1")
    reference = run(sending, "send_email", LETTER).reference
    assert "только для отправки" in run(sending, "domains", {}).data["access"]
    with pytest.raises(Rejected) as caught:
        run(sending, "email_status", {"ids": [reference]})
    assert caught.value.code == "restricted_api_key"


UNREADABLE = [b"", b"<html>", b"[]", b"null", b'{"id":', b"[" * 100_000, b'{"id":"\xff"}']


@pytest.mark.parametrize("body", [*UNREADABLE, b"{}", b'{"id":null}', b'{"id":"x"}', b'{"id":17}'])
def test_a_send_with_an_unreadable_answer_may_have_happened(
    run: Run, answering: Answering, body: bytes
) -> None:
    with pytest.raises(OutcomeUnknown):
        run(answering(body), "send_email", LETTER)


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_theirs_promises_nothing(run: Run, answering: Answering, status: int) -> None:
    body = b'{"statusCode":500,"name":"application_error","message":"An error"}'
    with pytest.raises(OutcomeUnknown):
        run(answering(body, status), "send_email", LETTER)
    with pytest.raises(Unavailable):
        run(answering(body, status), "domains", {})


def test_another_request_with_the_key_is_under_way(run: Run, answering: Answering) -> None:
    body = b'{"statusCode":409,"name":"concurrent_idempotent_requests","message":"in progress"}'
    with pytest.raises(RateLimited) as caught:
        run(answering(body, 409), "send_email", LETTER)
    assert not caught.value.everyone
