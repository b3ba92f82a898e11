"""SMS.ru in miniature: its reports, and the quirks a client of it may stumble over."""

import queue
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer, Element, Received
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.miniature import parts
from uzel.connectors.smsru.webhook import parse, verify
from uzel.model.receipt import Receipt

Run = Callable[[SmsruConfig, str, Mapping[str, Any]], Answer]
Hook = tuple[str, queue.Queue[bytes], list[bytes]]
WAIT_S = 20


def read(config: SmsruConfig, body: bytes) -> list[Element]:
    report = Received(body, {}, "", datetime.now(UTC))
    verify(report, config)
    return parse(report, config)


def receipts(config: SmsruConfig, hook: Hook, number: int) -> list[Element]:
    """The next receipts that come to the hook, at least `number`."""
    elements: list[Element] = []
    while sum(element.data is not None for element in elements) < number:
        elements += read(config, hook[1].get(timeout=WAIT_S))
    return [element for element in elements if element.data is not None]


def send(run: Run, config: SmsruConfig, *numbers: int) -> list[str | None]:
    texts = [{"phone": f"+7999{number:07d}", "text": "Спасибо!"} for number in numbers]
    return [run(config, "send_sms", text).reference for text in texts]


def register(run: Run, config: SmsruConfig, control: httpx2.Client, hook: Hook) -> None:
    control.post("/smsru/_settings", json={"receipt_delay_s": 0, "retry_s": 0.05})
    run(config, "callback_add", {"url": hook[0]})


def references(elements: list[Element]) -> list[str]:
    return [element.data.reference for element in elements if isinstance(element.data, Receipt)]


def test_every_message_is_reported_once_and_signed(
    run: Run, config: SmsruConfig, control: httpx2.Client, hook: Hook
) -> None:
    register(run, config, control, hook)
    ids = send(run, config, *range(30))
    reported = receipts(config, hook, 30)
    assert sorted(references(reported)) == sorted(map(str, ids))
    assert {element.data.state for element in reported} == {"delivered"}  # type: ignore[union-attr]


def test_a_report_is_repeated_until_the_answer_is_100(
    run: Run, config: SmsruConfig, control: httpx2.Client, hook: Hook
) -> None:
    register(run, config, control, hook)
    hook[2].extend([b"", b"OK", b"100\n"])
    ids = send(run, config, 1)
    copies = receipts(config, hook, 4)
    assert references(copies) == [*ids] * 4
    assert len({element.key for element in copies}) == 1


@pytest.mark.parametrize(("settings", "failed"), [({}, 2), ({"fail_every": 8}, 1)])
def test_messages_can_be_made_to_fail(
    run: Run,
    config: SmsruConfig,
    control: httpx2.Client,
    hook: Hook,
    settings: dict[str, int],
    failed: int,
) -> None:
    register(run, config, control, hook)
    control.post("/smsru/_settings", json={"outcome": "mixed", **settings})
    send(run, config, *range(8))
    states = [str(element.data.state) for element in receipts(config, hook, 8)]  # type: ignore[union-attr]
    assert sorted(states) == ["delivered"] * (8 - failed) + ["failed"] * failed


def test_a_report_can_be_lost_or_doubled(
    run: Run, config: SmsruConfig, control: httpx2.Client, hook: Hook
) -> None:
    register(run, config, control, hook)
    for kind in ("lost_webhook", "duplicate_webhook"):
        control.post("/_faults", json={"connector": "smsru", "kind": kind}).raise_for_status()
    _, doubled = send(run, config, 1, 2)
    assert references(receipts(config, hook, 2)) == [doubled, doubled]


def test_heartbeats_stand_between_reports_and_posts_stay_within_a_hundred(
    run: Run, config: SmsruConfig, control: httpx2.Client, hook: Hook
) -> None:
    control.post("/smsru/_settings", json={"heartbeat_every": 1, "daily_per_number": 1000})
    register(run, config, control, hook)
    form = {"api_id": config.api_id.get_secret_value(), "json": "1"}
    for batch in range(2):
        texts = {f"to[7999{batch}{number:06d}]": "Спасибо!" for number in range(100)}
        control.post("/smsru/sms/send", data={**form, **texts}).raise_for_status()
    posts: list[list[Element]] = []
    while sum(len(post) - 1 for post in posts) < 200:
        posts.append(read(config, hook[1].get(timeout=WAIT_S)))
    assert all(post[0].type == "heartbeat.received" for post in posts)
    assert max(len(post) for post in posts) <= 100


def test_http_is_always_200_and_carries_their_header(control: httpx2.Client) -> None:
    answers = [
        control.post("/smsru/sms/send", data={"api_id": "k", "json": "1"}),
        control.post("/smsru/sms/send", data={"api_id": "", "json": "1"}),
        control.get("/smsru/no/such", params={"api_id": "k", "json": "1"}),
        control.get("/smsru/my/senders", params={"api_id": "k", "json": "1"}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert all(answer.headers["sms-api"] == "1" for answer in answers)
    assert [answer.json()["status_code"] for answer in answers] == [202, 200, 211, 100]
    assert "senders" not in answers[3].json()


def test_several_numbers_have_several_answers_and_one_journal_entry(
    control: httpx2.Client,
) -> None:
    form = {"api_id": "several", "json": "1", "to": "79990000001,+7 701 000-00-01", "msg": "Да"}
    answer = control.post("/smsru/sms/send", data=form).json()
    assert answer["status"] == "OK"
    codes = {phone: entry["status_code"] for phone, entry in answer["sms"].items()}
    assert codes == {"79990000001": 100, "77010000001": 207}
    assert all("sms_id" in entry for entry in answer["sms"].values())
    (entry,) = control.get("/_journal").json()
    assert entry["request"]["phone"] == "+79990000001"
    assert entry["request"]["more"] == {"+77010000001": "Да"}
    assert "several" not in control.get("/_journal").text


@pytest.mark.parametrize(
    ("ttl", "code"),
    [("1", 100), ("1440", 100), ("0", 208), ("1441", 208), ("-1", 208), ("1.5", 208), ("", 208)],
)
def test_a_ttl_is_from_a_minute_to_a_day(control: httpx2.Client, ttl: str, code: int) -> None:
    form = {"api_id": f"ttl-{ttl}", "json": "1", "to": "79990000001", "msg": "Да", "ttl": ttl}
    assert control.post("/smsru/sms/send", data=form).json()["status_code"] == code
    (entry,) = control.get("/_journal").json()
    assert (entry["request"]["ttl"], entry["effect"]) == (ttl, code == 100)


def test_settings_are_checked(control: httpx2.Client) -> None:
    assert control.post("/smsru/_settings", json={"outcome": "odd"}).status_code == 400
    assert control.post("/smsru/_settings", json={"unknown": 1}).status_code == 400
    assert control.post("/smsru/_settings", json={"price_minor": 300}).json()["price_minor"] == 300
    assert control.get("/smsru/_settings").json()["price_minor"] == 300


def test_the_number_of_parts() -> None:
    lengths = {"a": (160, 161, 306, 307), "ы": (70, 71, 134, 135), "🙂": (35, 36, 67, 68)}
    counted = {letter: [parts(letter * n) for n in ns] for letter, ns in lengths.items()}
    assert counted == {letter: [1, 2, 2, 3] for letter in lengths}
