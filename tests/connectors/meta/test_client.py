"""The client against the sandbox, and against answers the sandbox would not give."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.meta import CONNECTOR
from uzel.connectors.meta.client import components, one_line, version_warning
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.sandbox import EXAMPLES
from uzel.errors import (
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)

Run = Callable[[MetaConfig, str, Mapping[str, Any]], Answer]
Answering = Callable[..., MetaConfig]
Asked = list[tuple[str, str, Mapping[str, str], Any]]

TEXT = {"phone": "+77010000001", "text": "Спасибо!", "reference": "ref-1"}
TEMPLATE = EXAMPLES["send_whatsapp_template"]
SENDS = [("send_whatsapp", TEXT), ("send_whatsapp_template", TEMPLATE)]
ACCEPTED = json.dumps(
    {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+77010000001", "wa_id": "77010000001 "}],
        "messages": [{"id": "wamid.HBgLNzcw", "message_status": "accepted"}],
    }
).encode()


def test_a_text_is_one_post_with_our_reference(
    run: Run, answering: Answering, asked: Asked
) -> None:
    config = answering(ACCEPTED)
    answer = run(config, "send_whatsapp", TEXT)
    assert answer.reference == "wamid.HBgLNzcw"
    assert answer.data == {"wa_id": "77010000001", "status": "accepted"}
    ((method, target, headers, body),) = asked
    assert (method, target) == ("POST", f"/v25.0/{config.phone_number_id}/messages")
    assert headers["authorization"] == f"Bearer {config.access_token.get_secret_value()}"
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+77010000001",
        "type": "text",
        "text": {"preview_url": False, "body": "Спасибо!"},
        "biz_opaque_callback_data": "ref-1",
    }


def test_a_template_has_its_texts_and_its_buttons(
    run: Run, answering: Answering, asked: Asked
) -> None:
    run(answering(ACCEPTED), "send_whatsapp_template", TEMPLATE)
    body = asked[0][3]
    assert body["type"] == "template" and "text" not in body
    assert body["template"] == {
        "name": "review_request",
        "language": {"code": "ru"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Мария"}, {"type": "text", "text": "Кафе"}],
            },
            {
                "type": "button",
                "sub_type": "url",
                "index": "0",
                "parameters": [{"type": "text", "text": "1a2b3c"}],
            },
        ],
    }


def test_a_template_without_variables_has_no_components(
    run: Run, answering: Answering, asked: Asked
) -> None:
    bare = {"phone": "+77010000001", "template": "hello_world", "language": "en_US"}
    run(answering(ACCEPTED), "send_whatsapp_template", bare)
    body = asked[0][3]
    assert body["template"] == {"name": "hello_world", "language": {"code": "en_US"}}
    assert "biz_opaque_callback_data" not in body


def test_metas_own_components_win(run: Run, answering: Answering, asked: Asked) -> None:
    own = [{"type": "header", "parameters": [{"type": "text", "text": "a\nb"}]}]
    run(answering(ACCEPTED), "send_whatsapp_template", {**TEMPLATE, "components": own})
    assert asked[0][3]["template"]["components"] == own


def test_buttons_keep_their_places() -> None:
    reply = {"type": "quick_reply", "payload": "stop"}
    made = components({"buttons": ["", None, reply, {"type": "url", "text": "x"}]})
    assert [(part["sub_type"], part["index"]) for part in made] == [
        ("quick_reply", "2"),
        ("url", "3"),
    ]
    assert made[0]["parameters"] == [{"type": "payload", "payload": "stop"}]


@pytest.mark.parametrize("wrong", [{}, {"type": "url"}, {"type": "copy_code", "text": "1"}])
def test_a_button_that_cannot_be_read_is_not_sent(
    run: Run, answering: Answering, asked: Asked, wrong: dict[str, str]
) -> None:
    with pytest.raises(Rejected):
        run(answering(ACCEPTED), "send_whatsapp_template", {**TEMPLATE, "buttons": [wrong]})
    assert asked == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [("a\nb\tc", "a b c"), ("a     b", "a b"), (" Мария ", "Мария"), (5, "5"), ("\x00a", "a")],
)
def test_a_parameter_is_one_line(given: object, sent: str) -> None:
    assert one_line(given) == sent


def test_what_meta_would_refuse_in_a_parameter_is_taken_by_the_sandbox(
    run: Run, config: MetaConfig
) -> None:
    crooked = {**TEMPLATE, "parameters": ["Мария\nПетровна", "Кафе\t      «Узел»"]}
    assert run(config, "send_whatsapp_template", crooked).reference
    thanks = {"phone": "+77010000001", "template": "visit_thanks", "language": "ru"}
    raw = [{"type": "body", "parameters": [{"type": "text", "text": "a\nb"}]}]
    with pytest.raises(Rejected, match="new-line"):
        run(config, "send_whatsapp_template", {**thanks, "components": raw})


def test_the_number_is_told_without_its_address_for_webhooks(run: Run, config: MetaConfig) -> None:
    assert run(config, "phone_number", {}).data == {
        "display_phone_number": "+7 999 000-05-55",
        "verified_name": "Кафе",
        "quality_rating": "GREEN",
        "status": "CONNECTED",
        "platform_type": "CLOUD_API",
        "throughput": "STANDARD",
        "messaging_limit": "TIER_2K",
        "warning": None,
    }


def test_a_version_that_ends_is_told_by_the_test_button() -> None:
    assert version_warning("v25.0", date(2026, 11, 20)) is None
    assert version_warning("v26.0", date(2030, 1, 1)) is None
    assert "62" in str(version_warning("v21.0", date(2026, 11, 20)))
    assert version_warning("v21.0", date(2027, 1, 21)) is not None
    with pytest.raises(ConfigError, match=r"v21\.0"):
        version_warning("v21.0", date(2027, 1, 22))


def test_an_old_version_fails_the_test_but_no_send(
    run: Run, answering: Answering, asked: Asked
) -> None:
    old = answering(ACCEPTED).model_copy(update={"version": "v19.0"})
    with pytest.raises(ConfigError):
        run(old, "phone_number", {})
    assert run(old, "send_whatsapp", TEXT).reference
    assert [target for _, target, _, _ in asked] == [f"/v19.0/{old.phone_number_id}/messages"]


def test_templates_are_listed_page_by_page(
    run: Run, config: MetaConfig, control: httpx2.Client
) -> None:
    first = run(config, "templates", {}).data["templates"]
    assert [template["name"] for template in first] == [
        *("hello_world", "review_request", "visit_thanks", "paused_offer")
    ]
    assert first[1] == {
        "name": "review_request",
        "language": "ru",
        "status": "APPROVED",
        "category": "MARKETING",
        "message_send_ttl_seconds": 43_200,
        "body": "{{1}}, спасибо за визит в {{2}}! Оцените нас, пожалуйста.",
        "parameters": 2,
    }
    many = [{"name": f"t{number}"} for number in range(250)]
    control.post("/meta/_settings", json={"templates": many}).raise_for_status()
    listed = run(config, "templates", {}).data["templates"]
    assert [template["name"] for template in listed] == [f"t{number}" for number in range(250)]


def test_a_list_of_templates_that_never_ends_is_left(
    run: Run, answering: Answering, asked: Asked
) -> None:
    page = {"data": [{"name": "t"}], "paging": {"cursors": {"after": "a&b="}, "next": "https://x"}}
    assert len(run(answering(json.dumps(page).encode()), "templates", {}).data["templates"]) == 20
    assert parse_qs(urlsplit(asked[-1][1]).query)["after"] == ["a&b="]


def test_without_an_account_id_there_is_nothing_to_list(run: Run, config: MetaConfig) -> None:
    with pytest.raises(Rejected):
        run(config.model_copy(update={"business_account_id": None}), "templates", {})


def test_a_message_is_marked_as_read(run: Run, answering: Answering, asked: Asked) -> None:
    config = answering(b'{"success":true}')
    run(config, "mark_read", {"message_id": "wamid.1"})
    run(config, "mark_read", {"message_id": "wamid.1", "typing": True})
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    typing = {"typing_indicator": {"type": "text"}}
    assert [body for _, _, _, body in asked] == [read, {**read, **typing}]


STRANGE = [
    *(b"<html><h1>Sorry</h1></html>", b"", b'{"messages":[', b"[]", b"null", b"\xff"),
    *(b"{}", b'{"messages":[]}', b'{"messages":[{}]}', b'{"messages":[{"id":7}]}'),
    *(b'{"messages":{"id":"wamid.1"}}', b'{"messages":[{"id":""}]}', b"[" * 100_000),
]


@pytest.mark.parametrize("body", STRANGE)
@pytest.mark.parametrize(("operation", "arguments"), SENDS)
def test_a_send_with_an_unreadable_answer_may_have_happened(
    run: Run, answering: Answering, operation: str, arguments: Mapping[str, Any], body: bytes
) -> None:
    with pytest.raises(CallFailed) as caught:
        run(answering(body), operation, arguments)
    assert type(caught.value) is OutcomeUnknown


@pytest.mark.parametrize("operation", ["phone_number", "templates"])
@pytest.mark.parametrize("body", STRANGE)
def test_a_read_of_another_shape_breaks_the_contract(
    run: Run, answering: Answering, operation: str, body: bytes
) -> None:
    with pytest.raises(CallFailed) as caught:
        run(answering(body), operation, {})
    # A page for people is none of the API's: it goes by, and a read is asked again.
    wanted = Unavailable if body.startswith(b"<html>") else ContractBroken
    assert type(caught.value) is wanted


def test_the_answer_of_a_send_may_lack_all_but_the_id(run: Run, answering: Answering) -> None:
    answer = run(answering(b'{"messages":[{"id":"gBGGSFcCNEOP"}]}'), "send_whatsapp", TEXT)
    assert (answer.reference, answer.data) == ("gBGGSFcCNEOP", {"wa_id": None, "status": None})


def test_no_send_may_be_repeated_and_none_can_be_looked_up() -> None:
    sends = [CONNECTOR.operations[channel.operation] for channel in CONNECTOR.channels.values()]
    assert {send.name for send in sends} == {name for name, _ in SENDS}
    assert not any(send.repeatable or send.look_up for send in sends)
    assert all("reference" in send.arguments for send in sends)
