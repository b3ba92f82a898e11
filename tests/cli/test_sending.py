"""`uzel send-sms` and its like as they are typed."""

import io
import json
import shlex
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from markdown_pages import blocks, read
from parts import Sandbox, new_phone

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sending(uzel: Command, sandbox: Sandbox) -> Command:
    """A command on an installation with every channel."""

    def connect(connector: str, *settings: str) -> None:
        given = [f"base_url={sandbox.url}/{connector}", *settings]
        status, _, err = uzel("connection", "add", connector, *(f"--set={s}" for s in given))
        assert status == 0, err

    connect("smsru", f"api_id=sandbox-{uuid4()}")
    connect("meta", "phone_number_id=100000000000001", "access_token=sandbox-meta-token")
    connect("resend", "api_key=re_SANDBOX0_uzel5a4db0c500000000", "sender=hello@mail.kafe.example")
    return uzel


def test_a_text_is_sent_once_and_its_key_remembered(sending: Command, sandbox: Sandbox) -> None:
    phone = new_phone()
    status, out, _ = sending("send-sms", phone, "Код 1234", "--key", "login-1")
    assert status == 0
    assert out.startswith("accepted: message 1, SMS.ru · default, ")
    status, out, _ = sending("send-sms", phone, "Код 1234", "--key", "login-1", "--json")
    told = json.loads(out)
    assert (status, told["outcome"], told["repeated"], told["message_id"]) == (
        0,
        "accepted",
        True,
        1,
    )
    status, out, err = sending("send-sms", phone, "Код 9999", "--key", "login-1")
    assert (status, out) == (1, "")
    assert "this key stands for another message already (number 1)" in err
    assert len(sandbox.sent(phone)) == 1


def test_the_examples_of_the_page_work_as_they_are_written(sending: Command) -> None:
    text = read("docs/how-to/send-a-message.md")
    (block,) = [part for part in blocks(text, "sh") if part.startswith("uzel send-sms")]
    commands = block.replace("\\\n", " ").splitlines()
    assert len(commands) == 6
    for line in commands:
        status, out, _ = sending(*shlex.split(line)[1:])
        assert status == 0, (line, out)


def test_what_nobody_knows_ends_with_three(sending: Command, sandbox: Sandbox) -> None:
    sandbox.arm("reset")
    status, out, _ = sending("send-sms", new_phone(), "Код")
    assert (status, out.partition(":")[0]) == (3, "unknown")


def test_what_is_held_ends_with_one(sending: Command, sandbox: Sandbox) -> None:
    phone = new_phone()
    assert sending("stop", phone)[0] == 0
    status, out, _ = sending("send-sms", phone, "Акция", "--json")
    told = json.loads(out)
    assert (status, told["outcome"]) == (1, "held")
    assert told["detail"] == "the recipient is on the stop-list"
    assert sandbox.sent(phone) == []


def test_a_dry_run_shows_and_sends_nothing(sending: Command, sandbox: Sandbox) -> None:
    phone = new_phone()
    status, out, _ = sending("send-sms", phone, "Привет", "--dry-run")
    assert status == 0
    assert f"to {phone} through SMS.ru · default:\nПривет\n1 SMS (UCS-2)\nabout 5.00 RUB" in out
    assert out.endswith("nothing was sent\n")
    shown = json.loads(sending("send-sms", phone, "Привет", "--dry-run", "--json")[1])
    assert (shown["segments"], shown["cost_minor"], shown["held"]) == (1, 500, None)
    sending("stop", phone)
    status, out, _ = sending("send-sms", phone, "Привет", "--dry-run")
    assert (status, "would be held: the recipient is on the stop-list" in out) == (1, True)
    assert sandbox.sent(phone) == []


def test_the_text_may_come_from_standard_input(
    sending: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = new_phone()
    monkeypatch.setattr("sys.stdin", io.StringIO("Две\nстроки\n"))
    assert sending("send-sms", phone, "-")[0] == 0
    assert sandbox.sent(phone)[0]["request"]["text"] == "Две\nстроки"


def asked(sandbox: Sandbox, connector: str, operation: str) -> list[Any]:
    """What a provider was asked."""
    params = {"connector": connector, "operation": operation}
    return [entry["request"] for entry in sandbox.http.get("/_journal", params=params).json()]


def test_e_mail_and_whatsapp(
    sending: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, guest = f"{uuid4().hex}@kafe.example", f"+7701{new_phone()[-7:]}"
    monkeypatch.setattr("sys.stdin", io.StringIO("Текст\n"))
    assert sending("send-email", address, "Тема")[0] == 0
    assert address in str(asked(sandbox, "resend", "send_email")[-1])
    status, _, err = sending("send-email", address, "Тема", "--text", "-", "--html", "-")
    assert (status, "not both" in err) == (1, True)
    assert sending("send-whatsapp", guest, "Привет", "--provider", "meta")[0] == 0
    filled = ("--parameter", "Мария", "--parameter", "Кафе", "--button", "1a2b3c")
    assert sending("send-whatsapp-template", guest, "review_request", *filled)[0] == 0
    status, _, err = sending("send-whatsapp-template", guest, "t", "--components", "{}")
    assert (status, "takes a JSON list" in err) == (1, True)
    status, _, err = sending("send-whatsapp-template", guest, "t", "--components", "[")
    assert (status, "is not JSON" in err) == (1, True)


def test_whether_and_for_how_long(sending: Command) -> None:
    status, out, _ = sending("whatsapp-status", "--json")
    assert (status, json.loads(out)) == (0, {"meta": True, "exolve": False})
    assert "meta: on" in sending("whatsapp-status")[1]
    status, out, _ = sending("sms-balance")
    assert (status, out.endswith(" RUB\n")) == (0, True)
    assert json.loads(sending("sms-balance", "--json")[1])["currency"] == "RUB"


def test_without_a_connection_nothing_pretends(
    uzel: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMSRU_API_KEY", raising=False)
    status, out, err = uzel("send-sms", new_phone(), "Код")
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert "SMS is off: nothing was sent. SMS.ru: set SMSRU_API_KEY" in err
    assert uzel("whatsapp-status")[0] == 1
    assert uzel("sms-balance")[0] == 1
    status, _, err = uzel("send-sms", "12", "Код")
    assert (status, "that is no phone number" in err) == (1, True)


def test_what_was_not_sent_is_not_said_to_have_been(sending: Command) -> None:
    phone = new_phone()
    assert sending("stop", phone)[0] == 0
    for again in (False, True):
        status, out, _ = sending("send-sms", phone, "Код", "--key", "login-9")
        assert (status, out.partition(":")[0]) == (1, "held")
        assert ("the outcome of the first time with this key" in out) is again
        assert "sent before" not in out


def test_one_name_for_the_connection_and_the_older_ones(sending: Command) -> None:
    phone = new_phone()
    for name in ("--via", "--connection", "--provider"):
        assert "through SMS.ru" in sending("send-sms", phone, "x", "--dry-run", name, "smsru")[1]
        status, _, err = sending("send-sms", phone, "x", "--dry-run", name, "nosuch")
        assert (status, "there is no connection nosuch" in err) == (1, True)


def test_whatsapp_to_russia_comes_with_a_warning(sending: Command) -> None:
    status, out, _ = sending("send-whatsapp", new_phone(), "Привет")
    assert (status, "mind: WhatsApp is blocked in Russia" in out) == (0, True)
    guest = f"+7701{new_phone()[-7:]}"
    assert "blocked" not in sending("send-whatsapp", guest, "Привет")[1]
    told = json.loads(sending("send-whatsapp", new_phone(), "Привет", "--json")[1])
    assert "WhatsApp is blocked in Russia" in told["notes"]
