"""Sends: against the sandbox, and against answers it would not give."""

import json
import traceback
from pathlib import Path
from typing import Any

import httpx2
import pytest

from uzel.connectors.exolve.config import ExolveConfig
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
)

TEXT = {"phone": "+79990000001", "text": "Спасибо за визит! Оцените нас: https://r.example/1"}
TEMPLATE = {"phone": "+79990000001", "template": "review_request", "language": "ru"}
JWT = "eyJhbGciOiJub25lIn0.eyJleHAiOjIwMDB9.c2FuZGJveA"
SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "samples" / "exolve"


def with_whatsapp(config: ExolveConfig) -> ExolveConfig:
    changes = {"whatsapp_unverified": True, "whatsapp_sender_id": "wa-1"}
    return config.model_copy(update=changes)


def sent(control: httpx2.Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = control.get("/_journal?operation=send_sms").json()
    return entries


@pytest.mark.parametrize("ids", ["integer", "text"])
def test_a_text_is_accepted_and_its_id_is_exact_text(
    client: Any, config: ExolveConfig, control: httpx2.Client, ids: str
) -> None:
    control.post("/exolve/_settings", json={"ids": ids}).raise_for_status()
    answer = client.run(config, "send_sms", TEXT)
    assert int(answer.reference) > 2**53
    (message,) = client.run(config, "sms_status", {"ids": [answer.reference]}).data["messages"]
    assert (message["reference"], message["known"]) == (answer.reference, True)
    (entry,) = sent(control)
    assert (entry["effect"], entry["request"]["phone"]) == (True, TEXT["phone"])
    assert entry["request"]["text"] == TEXT["text"]


def test_number_is_the_sender_and_destination_the_recipient(client: Any, provider: Any) -> None:
    provider.says({"message_id": 575976245313935471})
    answer = client.run(provider.config(sender="79990000000"), "send_sms", TEXT)
    body = {"number": "79990000000", "destination": "79990000001", "text": TEXT["text"]}
    assert provider.asked == [("/messaging/v1/SendSMS", body)]
    assert provider.headers["authorization"] == "Bearer key"
    assert (answer.reference, answer.cost_minor) == ("575976245313935471", None)


@pytest.mark.parametrize(
    ("phone", "error", "said"),
    [
        ("+79990000094", AuthFailed, "договор"),
        ("+79990000095", Rejected, "не знает такого номера"),
        ("+77010000001", Rejected, "на такой номер"),
    ],
)
def test_refusals_of_the_sandbox(
    client: Any,
    config: ExolveConfig,
    control: httpx2.Client,
    phone: str,
    error: type[CallFailed],
    said: str,
) -> None:
    with pytest.raises(error) as caught:
        client.run(config, "send_sms", {**TEXT, "phone": phone})
    assert said in caught.value.detail
    assert [entry["effect"] for entry in sent(control)] == [False]


def test_a_wrong_key_and_a_wrong_address_pause_the_connection(
    client: Any, config: ExolveConfig, sandbox: str
) -> None:
    for changes in ({"api_key": "bad-key"}, {"base_url": f"{sandbox}/exolve/v9"}):
        settings = {"api_key": "key", "sender": "Kafe", "base_url": config.base_url, **changes}
        wrong = ExolveConfig.model_validate(settings)
        for operation, arguments in (("send_sms", TEXT), ("message_count", {})):
            with pytest.raises(AuthFailed):
                client.run(wrong, operation, arguments)


@pytest.mark.parametrize(
    "content",
    [
        b"<html></html>",
        b"",
        b'{"message_id": 57597624531',
        b"[]",
        b"{}",
        {"message_id": None},
        {"message_id": 0},
        {"message_id": 5.75e17},
        {"message_id": ""},
        {"error": {"message": "strange"}},
        b'{"message_id": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_send_whose_answer_names_no_message_may_have_happened(
    client: Any, provider: Any, content: Any
) -> None:
    provider.says(content)
    config = with_whatsapp(provider.config())
    for operation, arguments in (
        ("send_sms", TEXT),
        ("send_whatsapp", TEXT),
        ("send_whatsapp_template", TEMPLATE),
    ):
        with pytest.raises(CallFailed) as caught:
            client.run(config, operation, arguments)
        assert type(caught.value) is OutcomeUnknown


def test_a_known_refusal_counts_under_status_200_too(client: Any, provider: Any) -> None:
    provider.says({"error": "incorrect authorization token"})
    with pytest.raises(AuthFailed):
        client.run(provider.config(), "send_sms", TEXT)
    provider.answers.clear()
    provider.says({"error": "strange"})
    with pytest.raises(ContractBroken):
        client.run(provider.config(), "message_count", {})


def test_the_providers_words_show_no_key_and_no_number(client: Any, provider: Any) -> None:
    said = f"token {JWT} may not text 79990000001 or +7 999 000-00-01"
    provider.says({"error": said}, 400)
    with pytest.raises(Rejected) as caught:
        client.run(provider.config(api_key=JWT), "send_sms", TEXT)
    shown = "".join(traceback.format_exception(caught.value))
    assert "may not text" in shown
    assert "eyJ" not in shown
    assert "000-00-01" not in shown
    assert "79990000001" not in shown


def test_texts_that_are_switched_off_do_not_leave(client: Any, provider: Any) -> None:
    provider.says({"message_id": 575976245313935471})
    with pytest.raises(ConfigError, match="SMS"):
        client.run(provider.config(sms=False), "send_sms", TEXT)
    assert provider.asked == []


@pytest.mark.parametrize("operation", ["send_whatsapp", "send_whatsapp_template"])
def test_whatsapp_is_off_unless_somebody_says_so(
    client: Any, provider: Any, operation: str
) -> None:
    provider.says({"message_id": 575976245313935471})
    arguments = {**TEXT, **TEMPLATE}
    with pytest.raises(ConfigError, match="не проверен"):
        client.run(provider.config(whatsapp_sender_id="wa-1"), operation, arguments)
    with pytest.raises(ConfigError, match="отправитель WhatsApp"):
        client.run(provider.config(whatsapp_unverified=True), operation, arguments)
    assert provider.asked == []


def test_whatsapp_asks_what_was_guessed_at_the_paths_of_the_settings(
    client: Any, provider: Any
) -> None:
    provider.says({"message_id": "575976245313935471"})
    config = with_whatsapp(provider.config(whatsapp_send_path="/wa/v2/send"))
    client.run(config, "send_whatsapp", TEXT)
    client.run(config, "send_whatsapp_template", TEMPLATE)
    to = {"sender_id": "wa-1", "destination": "79990000001"}
    assert provider.asked == [
        ("/wa/v2/send", {**to, "text": TEXT["text"]}),
        ("/messaging/v1/whatsapp/template", {**to, "template_name": "review_request"}),
    ]


@pytest.mark.parametrize("values", [{"parameters": ["Кафе"]}, {"buttons": ["code"]}])
def test_a_template_is_never_sent_without_its_values(
    client: Any, provider: Any, values: dict[str, Any]
) -> None:
    provider.says({"message_id": "575976245313935471"})
    with pytest.raises(Rejected) as caught:
        config = with_whatsapp(provider.config())
        client.run(config, "send_whatsapp_template", {**TEMPLATE, **values})
    assert caught.value.code == "parameters"
    assert provider.asked == []


def test_whatsapp_may_have_a_key_of_its_own(client: Any, provider: Any) -> None:
    provider.says({"message_id": "575976245313935471"})
    client.run(with_whatsapp(provider.config(whatsapp_api_key="wa")), "send_whatsapp", TEXT)
    assert provider.headers["authorization"] == "Bearer wa"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the collected samples are not here")
def test_requests_and_answers_that_were_seen(client: Any, provider: Any) -> None:
    provider.says((SAMPLES / "resp_sendsms_int.json").read_bytes())
    assert client.run(provider.config(), "send_sms", TEXT).reference == "575976245313935471"
    guessed = json.loads((SAMPLES / "seed_whatsapp_GUESSED.json").read_text())
    config = with_whatsapp(provider.config())
    client.run(config, "send_whatsapp", TEXT)
    client.run(config, "send_whatsapp_template", TEMPLATE)
    (_, text), (path, body), (template_path, template) = provider.asked
    seen = json.loads((SAMPLES / "req_sendsms.json").read_text())
    assert text.keys() <= seen.keys()
    assert guessed["send"]["url"].endswith(path)
    assert guessed["template"]["url"].endswith(template_path)
    assert body.keys() == guessed["send"]["body"].keys()
    assert template.keys() == guessed["template"]["body"].keys()
