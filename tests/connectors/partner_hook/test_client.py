"""What goes out to a receiver, and what its answers mean."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from loopback import Got, LoopbackServer, Said
from uzel.connector import Answer
from uzel.connectors.partner_hook.config import PartnerHookConfig
from uzel.connectors.partner_hook.miniature import SECRET
from uzel.connectors.partner_hook.sandbox import EXAMPLES
from uzel.errors import CallFailed, RateLimited, Rejected, Unavailable

Deliver = Callable[..., Answer]
EVENT = {**EXAMPLES["deliver"], "body": '{"type":"x.done",  "data":{"text":"Привет \\u2028"}}'}


def deliveries(control: httpx2.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control.get("/partner_hook/_deliveries").json()
    return found


def test_the_body_goes_out_byte_for_byte_and_signed(
    deliver: Deliver, control: httpx2.Client, sandbox: str
) -> None:
    answer = deliver(f"{sandbox}/partner_hook", EVENT, path="/shop/1?a=b&c=%20")
    assert answer.data == {"status": 204}
    (entry,) = deliveries(control)
    assert (entry["receiver"], entry["query"]) == ("shop/1", "a=b&c=%20")
    assert (entry["body"], entry["id"], entry["verified"]) == (EVENT["body"], EVENT["id"], True)
    assert entry["headers"]["content-type"] == "application/json"


def test_without_an_event_it_is_a_test(
    deliver: Deliver, control: httpx2.Client, sandbox: str
) -> None:
    for _ in range(2):
        deliver(f"{sandbox}/partner_hook", {}, path="/shop")
    entries = deliveries(control)
    assert [json.loads(entry["body"])["type"] for entry in entries] == ["test", "test"]
    assert len({entry["id"] for entry in entries}) == 2
    assert all(entry["verified"] for entry in entries)


@pytest.mark.parametrize(("hours", "signatures"), [(1, 2), (-1, 1)])
def test_the_old_secret_signs_as_long_as_it_is_said(
    deliver: Deliver, control: httpx2.Client, sandbox: str, hours: int, signatures: int
) -> None:
    until = datetime.now(UTC) + timedelta(hours=hours)
    old = {"old_secret": "whsec_" + "A" * 32, "old_until": until.isoformat()}
    deliver(f"{sandbox}/partner_hook", EVENT, path="/shop", **old)
    (entry,) = deliveries(control)
    assert (entry["signatures"], entry["verified"]) == (signatures, True)


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (301, {"location": "http://127.0.0.1:9/"}, Unavailable),
        (308, {"location": "/elsewhere"}, Unavailable),
        (400, {}, Unavailable),
        (401, {}, Unavailable),
        (404, {}, Unavailable),
        (410, {}, Rejected),
        (422, {"retry-after": "60"}, Unavailable),
        (429, {}, Unavailable),
        (429, {"retry-after": "60"}, RateLimited),
        (500, {}, Unavailable),
        (503, {}, Unavailable),
        (503, {"retry-after": "60"}, RateLimited),
    ],
)
def test_every_answer_outside_2xx_is_a_failure(
    deliver: Deliver, status: int, headers: dict[str, str], kind: type[CallFailed]
) -> None:
    asked: list[str] = []

    def answer(got: Got) -> Said:
        asked.append(got.target)
        return status, headers, b"no\r\n  thanks,\x00 token=hidden"

    with LoopbackServer(answer) as server, pytest.raises(CallFailed) as failed:
        deliver(server.url, EVENT, path="/hook")
    assert type(failed.value) is kind
    assert failed.value.http_status == status
    assert failed.value.detail.startswith(f"HTTP {status}: no thanks, token=")
    assert "hidden" not in failed.value.detail
    assert (failed.value.code == "gone") is (status == 410)
    assert asked == ["/hook"]


def test_what_a_receiver_says_is_cut(deliver: Deliver) -> None:
    said = "щ".encode() * 50_000
    with LoopbackServer(lambda _: (500, {}, said)) as server, pytest.raises(Unavailable) as failed:
        deliver(server.url, EVENT)
    assert len(failed.value.detail) < 250


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_good_whatever_it_says(deliver: Deliver, status: int) -> None:
    with LoopbackServer(lambda got: (status, {}, b"" if status == 204 else b"<html>")) as server:
        assert deliver(server.url, EVENT).data == {"status": status}


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "whsec_short"},
        {"secret": "no prefix at all, only words"},
        {"secret": SECRET, "old_secret": "x"},
        {"secret": SECRET, "old_until": "2026-11-21T00:00:00"},
        {"secret": SECRET, "path": "hook"},
        {"secret": SECRET, "path": "/hook#part"},
        {"secret": SECRET, "path": "/a b"},
        {"secret": SECRET, "path": "/a\r\nhost: b"},
        {"secret": SECRET, "path": "/\u043a"},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PartnerHookConfig.model_validate({"base_url": "https://shop.example", **wrong})
