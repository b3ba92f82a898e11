"""Events that Resend sent, and answers it gave, as others recorded them."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from uzel.connector import Element, Received
from uzel.connectors.resend import client
from uzel.connectors.resend.codes import refusal
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.sandbox import EXAMPLES, SETTINGS
from uzel.connectors.resend.webhook import parse
from uzel.errors import AuthFailed, Rejected
from uzel.kit.http import new_client
from uzel.model.receipt import Receipt

CONFIG = ResendConfig.model_validate(SETTINGS)
MASKED = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@pytest.fixture
def content(samples: Path) -> Callable[[str], bytes]:
    return lambda name: (samples / "resend" / name).read_bytes()


def read(body: bytes) -> Element:
    (element,) = parse(Received(body, {"svix-id": "msg_1"}, "", datetime.now(UTC)), CONFIG)
    return element


@pytest.mark.parametrize(
    ("name", "state", "suppress"),
    [
        ("wh_sent.json", "pending", None),
        ("wh_delivered.json", "delivered", None),
        ("wh_opened.json", "read", None),
        ("wh_clicked.json", "read", None),
        ("wh_complained.json", "read", "complaint"),
        # Of 2023, when a bounce did not say of which type it was.
        ("wh_hard_bounced.json", "failed", None),
        ("wh_suppressed.json", "failed", None),
    ],
)
def test_real_events(
    content: Callable[[str], bytes], name: str, state: str, suppress: str | None
) -> None:
    element = read(content(name))
    receipt = element.data
    assert isinstance(receipt, Receipt)
    assert (receipt.reference, receipt.state, receipt.suppress) == (MASKED, state, suppress)
    assert receipt.ours is None
    created_at = json.loads(content(name))["created_at"]
    assert element.occurred_at == datetime.fromisoformat(created_at)


def test_a_documented_event(content: Callable[[str], bytes]) -> None:
    element = read(content("wh_delivery_delayed.json"))
    assert element.subject == "письмо 56761188-7520-42d8-8898-ff6fc54ce618"
    assert element.occurred_at == datetime(2023, 2, 22, 23, 41, 12, 126_000, tzinfo=UTC)


def test_an_id_that_is_none_is_taken_for_none(content: Callable[[str], bytes]) -> None:
    """Made by hand for a test of theirs: `email_id` is `123`."""
    assert read(content("wh_sent_with_message_id_2026.json")).reason == "malformed"


def test_recorded_refusals(content: Callable[[str], bytes]) -> None:
    recorded: list[dict[str, Any]] = json.loads(
        content("recorded_errors_with_ratelimit_headers.json")
    )
    assert recorded
    for one in recorded:
        headers = {name: str(value) for name, value in one["headers"].items()}
        error = refusal(httpx2.Response(one["status"], json=one["body"], headers=headers))
        assert type(error) is Rejected
        assert error.code == one["body"]["name"]


def test_a_wrong_key_as_users_see_it(content: Callable[[str], bytes]) -> None:
    body = content("lib_error_invalid_key.json")
    status = json.loads(body)["statusCode"]
    assert type(refusal(httpx2.Response(status, content=body))) is AuthFailed


async def send(provider: ResendConfig) -> str | None:
    async with new_client(provider.base_url) as http:
        answer = await client.send_email(http, provider, EXAMPLES["send_email"])
    return answer.reference


def test_the_documented_answer_to_a_send(
    content: Callable[[str], bytes], answering: Callable[..., ResendConfig]
) -> None:
    provider = answering(content("resp_send.json"))
    assert asyncio.run(send(provider)) == "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"
