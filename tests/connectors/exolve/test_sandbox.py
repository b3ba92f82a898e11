"""Exolve in miniature: what it posts, what it lists, and how it refuses."""

import queue
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest

from uzel.connector import Element, Received
from uzel.connectors.exolve.config import ExolveConfig
from uzel.connectors.exolve.webhook import parse
from uzel.model.inbound import Inbound

TEXT = {"phone": "+79990000001", "text": "Спасибо!"}
Hook = tuple[str, "queue.Queue[bytes]"]
WAIT_S = 20


def take(hook: Hook, number: int) -> list[Element]:
    """The next events that come to the hook."""
    bodies = [hook[1].get(timeout=WAIT_S) for _ in range(number)]
    config, now = ExolveConfig(), datetime.now(UTC)
    return [element for body in bodies for element in parse(Received(body, {}, "", now), config)]


def connect(control: httpx2.Client, hook: Hook) -> None:
    settings = {"hook": hook[0], "receipt_delay_s": 0}
    control.post("/exolve/_settings", json=settings).raise_for_status()


def post(control: httpx2.Client, method: str, body: Any, key: str = "shapes") -> httpx2.Response:
    headers = {"authorization": f"Bearer {key}"}
    return control.post(f"/exolve/messaging/v1/{method}", json=body, headers=headers)


def key_of(config: ExolveConfig) -> str:
    assert config.api_key is not None
    return config.api_key.get_secret_value()


def write_to_us(control: httpx2.Client, config: ExolveConfig, text: str) -> int:
    body = {"api_key": key_of(config), "sender": "79990000005", "text": text}
    answer = control.post("/exolve/_incoming", json=body).raise_for_status()
    return int(answer.json()["message_id"])


def test_statuses_are_posted(
    client: Any, config: ExolveConfig, control: httpx2.Client, hook: Hook
) -> None:
    connect(control, hook)
    reference = client.run(config, "send_sms", TEXT).reference
    assert [element.key for element in take(hook, 2)] == [
        f"{reference}:SENDING",
        f"{reference}:DELIVERED",
    ]


def test_a_status_can_be_lost_or_doubled(
    client: Any, config: ExolveConfig, control: httpx2.Client, hook: Hook
) -> None:
    connect(control, hook)
    for kind in ("lost_webhook", "duplicate_webhook"):
        control.post("/_faults", json={"connector": "exolve", "kind": kind}).raise_for_status()
    first = client.run(config, "send_sms", TEXT).reference
    assert [element.key for element in take(hook, 1)] == [f"{first}:SENDING"]
    second = client.run(config, "send_sms", TEXT).reference
    keys = [element.key for element in take(hook, 3)]
    assert keys == [f"{second}:SENDING", f"{second}:DELIVERED", f"{second}:DELIVERED"]


def test_an_incoming_text_comes_in_several_events_of_which_one_counts(
    config: ExolveConfig, control: httpx2.Client, hook: Hook
) -> None:
    connect(control, hook)
    message_id = write_to_us(control, config, "СТОП")
    first, billed = take(hook, 2)
    assert (first.reason, first.key) == ("not_billed", None)
    assert billed.key == f"inbound:{message_id}"
    assert billed.data == Inbound("sms", "79990000005", "СТОП", str(message_id))


def test_an_unreachable_hook_harms_nobody(
    client: Any, config: ExolveConfig, control: httpx2.Client
) -> None:
    for hook in ("http://127.0.0.1:9/", "no address"):
        control.post("/exolve/_settings", json={"hook": hook}).raise_for_status()
        assert client.run(config, "send_sms", TEXT).reference


def test_the_list_has_filters_a_limit_and_an_offset(
    client: Any, config: ExolveConfig, control: httpx2.Client
) -> None:
    key = key_of(config)
    sent = [int(client.run(config, "send_sms", TEXT).reference) for _ in range(3)]
    came = write_to_us(control, config, "Да")

    def ids(**filters: Any) -> list[int]:
        messages = post(control, "GetList", filters, key).json().get("messages", [])
        return [message["message_id"] for message in messages]

    assert ids() == [came, *reversed(sent)]
    assert ids(message_id=sent[1]) == ids(message_id=str(sent[1])) == [sent[1]]
    assert ids(direction=["DIRECTION_OUTGOING"]) == list(reversed(sent))
    assert ids(limit=2, offset=1) == list(reversed(sent))[:2]
    assert ids(delivery_status=["DELIVERY_STATUS_FAILED"]) == []
    now = datetime.now(UTC)
    assert ids(date_lte=(now - timedelta(minutes=1)).isoformat()) == []
    assert len(ids(date_gte=(now - timedelta(minutes=1)).isoformat())) == 4
    assert post(control, "GetCount", {}, key).json() == {"count": "4"}
    assert post(control, "GetCount", {}, "another").json() == {"count": "0"}


def test_ids_may_be_text(client: Any, config: ExolveConfig, control: httpx2.Client) -> None:
    control.post("/exolve/_settings", json={"ids": "text"}).raise_for_status()
    body = {"number": "Kafe", "destination": "79990000001", "text": "Да"}
    assert isinstance(post(control, "SendSMS", body).json()["message_id"], str)


@pytest.mark.parametrize(
    ("destination", "sender", "error"),
    [
        ("79990000094", "Kafe", str),
        ("79990000095", "Kafe", dict),
        ("+79990000001", "Kafe", dict),
        ("74950000001", "Kafe", dict),
        ("79990000001", "", dict),
    ],
)
def test_refusals_have_several_shapes(
    control: httpx2.Client, destination: str, sender: str, error: type
) -> None:
    body = {"number": sender, "destination": destination, "text": "Да"}
    answer = post(control, "SendSMS", body)
    assert (answer.status_code, type(answer.json()["error"])) == (400, error)


def test_wrong_keys_paths_and_bodies(control: httpx2.Client) -> None:
    assert post(control, "GetCount", {}, "bad-1").status_code == 401
    assert control.post("/exolve/messaging/v1/GetCount", json={}).status_code == 401
    missing = post(control, "NoSuch", {})
    assert (missing.status_code, missing.text) == (404, "404 page not found")
    assert missing.headers["content-type"].startswith("text/plain")
    assert post(control, "GetList", []).status_code == 400
    assert post(control, "GetList", {"limit": "x"}).status_code == 400


def test_the_journal_hides_the_key(control: httpx2.Client) -> None:
    body = {"number": "Kafe", "destination": "79990000001", "text": "Да"}
    post(control, "SendSMS", body, "hidden-key")
    journal = control.get("/_journal?connector=exolve")
    assert "hidden-key" not in journal.text
    (entry,) = orjson.loads(journal.content)
    assert (entry["request"]["phone"], entry["request"]["sender"]) == ("+79990000001", "Kafe")


def test_settings_and_doors_are_checked(control: httpx2.Client) -> None:
    assert control.post("/exolve/_settings", json={"unknown": 1}).status_code == 400
    assert control.post("/exolve/_settings", json={"ids": "odd"}).status_code == 400
    assert control.get("/exolve/_settings").json()["ids"] == "integer"
    for body in (b"", b"[]", b"{}", b'"x"', b'{"api_key": []}'):
        assert control.post("/exolve/_incoming", content=body).status_code == 400
