"""Resend in miniature: its events, and the quirks a client of it may stumble over."""

import http.client
import json
import queue
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from uzel.connector import Answer, Element, Received
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.sandbox import EXAMPLES, SETTINGS
from uzel.connectors.resend.webhook import parse, verify
from uzel.model.inbound import Inbound
from uzel.model.receipt import Receipt

Run = Callable[[ResendConfig, str, Mapping[str, Any]], Answer]
Hook = tuple[str, "queue.Queue[tuple[Mapping[str, str], bytes]]", list[int]]
WAIT_S = 20
LETTER = EXAMPLES["send_email"]
BODY = {"from": SETTINGS["sender"], "to": ["anna@post.example"], "subject": "Да", "text": "Да"}


def listen(control: httpx2.Client, hook: Hook) -> None:
    control.post("/resend/_settings", json={"receipt_delay_s": 0.01, "retry_s": 0.05})
    where = {"url": hook[0], "secret": SETTINGS["webhook_secret"]}
    control.post("/resend/_hook", json=where).raise_for_status()


def events(config: ResendConfig, hook: Hook, number: int) -> list[Element]:
    """The next `number` events, each verified."""
    found: list[Element] = []
    for _ in range(number):
        headers, body = hook[1].get(timeout=WAIT_S)
        received = Received(body, headers, "", datetime.now(UTC))
        verify(received, config)
        found += parse(received, config)
    return found


def receipts(elements: list[Element]) -> list[Receipt]:
    found = [element.data for element in elements if isinstance(element.data, Receipt)]
    assert len(found) == len(elements)
    return found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("anna", {"sent", "delivered"}),
        ("delivered+label", {"sent", "delivered"}),
        ("bounced", {"sent", "bounced"}),
        ("transient", {"sent", "delivery_delayed", "bounced"}),
        ("complained", {"sent", "delivered", "complained"}),
        ("suppressed", {"suppressed"}),
        ("clicked", {"sent", "delivered", "opened", "clicked"}),
        ("delayed", {"sent", "delivery_delayed", "delivered"}),
        ("failed", {"failed"}),
    ],
)
def test_an_address_decides_what_becomes_of_its_email(
    run: Run,
    config: ResendConfig,
    control: httpx2.Client,
    hook: Hook,
    name: str,
    words: set[str],
) -> None:
    listen(control, hook)
    letter = {**LETTER, "to": f"{name}@post.example", "reference": f"story-{name[:6]}"}
    reference = run(config, "send_email", letter).reference
    told = receipts(events(config, hook, len(words)))
    assert {receipt.code for receipt in told} == words
    assert {receipt.reference for receipt in told} == {reference}
    assert {receipt.ours for receipt in told} == {letter["reference"]}
    suppressed = {receipt.suppress for receipt in told} - {None}
    why = {"bounced": "bounce", "suppressed": "bounce", "complained": "complaint"}
    assert suppressed == ({why[name]} if name in why else set())


def test_an_event_is_repeated_under_its_name_until_it_is_taken(
    run: Run, config: ResendConfig, control: httpx2.Client, hook: Hook
) -> None:
    listen(control, hook)
    hook[2].extend([500, 401])
    run(config, "send_email", {**LETTER, "to": "suppressed@post.example"})
    copies = events(config, hook, 3)
    assert len({element.key for element in copies}) == 1


def test_an_event_can_be_lost_or_doubled(
    run: Run, config: ResendConfig, control: httpx2.Client, hook: Hook
) -> None:
    listen(control, hook)
    for kind in ("lost_webhook", "duplicate_webhook"):
        control.post("/_faults", json={"connector": "resend", "kind": kind}).raise_for_status()
    for number in range(2):
        letter = {**LETTER, "to": "suppressed@post.example", "reference": f"fault-{number}"}
        run(config, "send_email", letter)
    first, second = receipts(events(config, hook, 2))
    assert first.ours == second.ours


def test_any_event_can_be_posted(config: ResendConfig, control: httpx2.Client, hook: Hook) -> None:
    listen(control, hook)
    event = {"type": "email.received", "data": {"from": "anna@post.example", "subject": "СТОП"}}
    svix_id = control.post("/resend/_events", json=event).json()["svix_id"]
    (element,) = events(config, hook, 1)
    assert element.key == svix_id
    assert element.data == Inbound("email", "anna@post.example", "СТОП")


def ask(control: httpx2.Client, body: Any, **headers: str) -> httpx2.Response:
    given = {"authorization": "Bearer re_x", **headers}
    return control.post("/resend/emails", json=body, headers=given)


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({}, 200, None),
        ({"to": "anna@post.example"}, 200, None),
        ({"to": ["Анна <anna@post.example>"]}, 200, None),
        ({"from": ""}, 422, "missing_required_field"),
        ({"subject": ""}, 422, "missing_required_field"),
        ({"text": ""}, 422, "missing_required_field"),
        ({"to": []}, 422, "missing_required_field"),
        ({"to": ["anna"]}, 422, "validation_error"),
        ({"to": ["anna@test.com"]}, 422, "validation_error"),
        ({"to": ["a@b.example"] * 51}, 422, "validation_error"),
        ({"tags": [{"name": "визит", "value": "1"}]}, 422, "validation_error"),
        ({"tags": [{"name": "uzel", "value": "a b"}]}, 422, "validation_error"),
        ({"from": "a@nowhere.example"}, 403, "validation_error"),
    ],
)
def test_a_request_is_checked(
    control: httpx2.Client, changes: dict[str, Any], status: int, name: str | None
) -> None:
    answer = ask(control, {**BODY, **changes})
    assert (answer.status_code, answer.json().get("name")) == (status, name)
    if name:
        assert answer.json().keys() == {"statusCode", "message", "name"}


def test_a_key_is_remembered_for_successes_only(control: httpx2.Client) -> None:
    key = {"idempotency-key": "once"}
    assert ask(control, {**BODY, "to": "anna"}, **key).status_code == 422
    first = ask(control, BODY, **key).json()
    assert ask(control, BODY, **key).json() == first
    changed = ask(control, {**BODY, "subject": "Нет"}, **key)
    assert (changed.status_code, changed.json()["name"]) == (409, "invalid_idempotent_request")
    assert ask(control, BODY, **{"idempotency-key": "k" * 257}).status_code == 400


def test_limits_stand_in_the_headers(control: httpx2.Client) -> None:
    control.post("/resend/_settings", json={"rate_per_s": 1})
    answers = [ask(control, BODY) for _ in range(10)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    assert {answer.json()["name"] for answer in limited} == {"rate_limit_exceeded"}
    assert {answer.headers["retry-after"] for answer in limited} == {"1"}
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {"1;w=1"}


def test_without_a_user_agent_nobody_gets_in(sandbox: str, control: httpx2.Client) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox).netloc)
    connection.putrequest("GET", "/resend/domains", skip_accept_encoding=True)
    connection.putheader("authorization", "Bearer re_x")
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (403, b"error code: 1010")
    connection.close()


def test_emails_are_listed_from_the_newest_on(control: httpx2.Client) -> None:
    ids = [ask(control, {**BODY, "subject": str(number)}).json()["id"] for number in range(3)]
    got = {"authorization": "Bearer re_x"}
    page = control.get("/resend/emails?limit=2", headers=got).json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (ids[:0:-1], True)
    rest = control.get(f"/resend/emails?limit=2&after={ids[1]}", headers=got).json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (ids[:1], False)
    assert control.get("/resend/emails?limit=101", headers=got).status_code == 422
    assert control.get("/resend/nothing", headers=got).json()["name"] == "not_found"


def test_the_journal_shows_the_key_against_doubles_and_no_secret(
    run: Run, config: ResendConfig, control: httpx2.Client
) -> None:
    run(config, "send_email", LETTER)
    (entry,) = control.get("/_journal?connector=resend").json()
    assert entry["request"]["idempotency_key"] == LETTER["reference"]
    assert (entry["request"]["to"], entry["effect"]) == ([LETTER["to"]], True)
    assert config.api_key.get_secret_value() not in json.dumps(entry)


def test_the_mailbox_can_be_searched_and_emptied(control: httpx2.Client) -> None:
    for name in ("anna", "boris"):
        ask(control, {**BODY, "to": f"{name}@post.example"})
    found = control.get("/resend/_mailbox?to=boris@post.example").json()
    assert [letter["to"] for letter in found] == [["boris@post.example"]]
    assert control.delete("/resend/_mailbox").json() == []


def test_the_control_doors_check_what_they_get(control: httpx2.Client) -> None:
    assert control.post("/resend/_settings", json={"unknown": 1}).status_code == 400
    assert control.post("/resend/_hook", json={"url": "http://127.0.0.1:9/"}).status_code == 400
    short = {"url": "http://127.0.0.1:9/", "secret": "whsec_"}
    assert control.post("/resend/_hook", json=short).status_code == 400
    assert control.post("/resend/_settings", json={"daily_quota": 7}).json()["daily_quota"] == 7
