"""Having updates posted to us, and what a sandbox posts when people write."""

import json
import queue
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from loopback import Got
from miniatures import Caller
from uzel.connector import Answer, Element, Received
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.miniature import OLD_MESSAGE
from uzel.connectors.telegram.registration import register
from uzel.connectors.telegram.webhook import parse, verify
from uzel.errors import AuthFailed, Rejected, SignatureInvalid
from uzel.model.chat import ChatFile, ChatSaid

Run = Callable[..., Answer]
Hook = tuple[str, "queue.Queue[Got]", list[int]]
WAIT_S = 10


def token_of(config: TelegramConfig) -> str:
    return config.token.get_secret_value()


def happen(control: httpx2.Client, config: TelegramConfig, door: str = "_said", **what: Any) -> int:
    answer = control.post(f"/telegram/{door}", json={"token": token_of(config), **what})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["update_id"])


def read(got: Got, config: TelegramConfig) -> Element:
    """As the door and the worker read it."""
    received = Received(got.body, got.headers, "", datetime.now(UTC))
    verify(received, config)
    (element,) = parse(received, config)
    return element


def said(element: Element) -> ChatSaid:
    assert isinstance(element.data, ChatSaid), element
    return element.data


@pytest.fixture
def registered(session_caller: Caller, config: TelegramConfig, hook: Hook) -> TelegramConfig:
    """A bot whose updates go to `hook`."""
    session_caller(config, register, hook[0])
    return config


def test_the_address_goes_with_the_secret_and_the_kinds(
    session_caller: Caller, answering: Callable[..., TelegramConfig], asked: list[Any]
) -> None:
    config = answering({"ok": True, "result": True})
    url = "https://uzel.example/api/webhook/telegram?key=hook_1"
    session_caller(config, register, url)
    ((_, target, body),) = asked
    assert target.endswith("/setWebhook") and body["url"] == url
    assert body["secret_token"] == "sandbox-telegram-secret"
    assert body["allowed_updates"] == ["message", "callback_query"]


def test_without_a_secret_no_address_is_given(
    session_caller: Caller, answering: Callable[..., TelegramConfig], asked: list[Any]
) -> None:
    config = answering({"ok": True}).model_copy(update={"webhook_secret": None})
    with pytest.raises(Rejected) as caught:
        session_caller(config, register, "https://uzel.example/hook")
    assert (caught.value.code, asked) == ("webhook_secret", [])


def test_an_address_may_be_refused(session_caller: Caller, config: TelegramConfig) -> None:
    with pytest.raises(Rejected) as caught:
        session_caller(config, register, "nowhere")
    assert caught.value.code == "bad_webhook"
    wrong = config.model_copy(update={"token": type(config.token)(f"1234:{'bad' * 10}")})
    with pytest.raises(AuthFailed):
        session_caller(wrong, register, "https://uzel.example/hook")


def test_the_journal_has_neither_key_nor_secret(
    registered: TelegramConfig, control: httpx2.Client, hook: Hook
) -> None:
    happen(control, registered, user_id=7, text="привет")
    hook[1].get(timeout=WAIT_S)
    journal = control.get("/_journal").text
    assert "set_webhook" in journal and "/api/webhook/telegram" in journal
    for secret in ("hidden", token_of(registered), "sandbox-telegram-secret"):
        assert secret not in journal


def test_what_people_write_is_read(
    registered: TelegramConfig, control: httpx2.Client, hook: Hook
) -> None:
    number = happen(control, registered, user_id=7_000_001, text="Нужна выплата", last_name="П.")
    element = read(hook[1].get(timeout=WAIT_S), registered)
    assert element.key == f"update:{number}"
    heard = said(element)
    assert (heard.chat_id, heard.user_name, heard.text) == (7_000_001, "Мария П.", "Нужна выплата")
    happen(control, registered, user_id=7, photo="photo-of-a-check", text="Чек")
    heard = said(read(hook[1].get(timeout=WAIT_S), registered))
    assert (heard.files, heard.text) == ((ChatFile("photo-of-a-check", "photo"),), "Чек")
    happen(control, registered, user_id=7, chat_id=-5_000_001, document="document-of-ours")
    heard = said(read(hook[1].get(timeout=WAIT_S), registered))
    assert (heard.chat_id, heard.files) == (-5_000_001, (ChatFile("document-of-ours", "document"),))
    contact = {"phone_number": "+79990000001", "user_id": 7}
    happen(control, registered, user_id=7, contact=contact)
    heard = said(read(hook[1].get(timeout=WAIT_S), registered))
    assert (heard.phone, heard.phone_is_own) == ("+79990000001", True)


def test_a_button_is_pressed_and_answered(
    registered: TelegramConfig,
    control: httpx2.Client,
    hook: Hook,
    run: Callable[..., Answer],
) -> None:
    happen(control, registered, user_id=7, chat_id=-5_000_001, press="yes:1")
    heard = said(read(hook[1].get(timeout=WAIT_S), registered))
    assert (heard.callback_data, heard.message_id) == ("yes:1", OLD_MESSAGE)
    run(registered, "answer_callback_query", callback_id=heard.callback_id, text="Готово")


def test_an_update_is_posted_until_it_is_taken(
    registered: TelegramConfig, control: httpx2.Client, hook: Hook
) -> None:
    control.post("/telegram/_settings", json={"retry_s": 0.01}).raise_for_status()
    hook[2].extend([500, 401, 302])
    happen(control, registered, user_id=7, text="привет")
    keys = {read(hook[1].get(timeout=WAIT_S), registered).key for _ in range(4)}
    assert len(keys) == 1


@pytest.mark.parametrize("by", ["fault", "copies"])
def test_an_update_may_come_twice(
    registered: TelegramConfig, control: httpx2.Client, hook: Hook, by: str
) -> None:
    if by == "fault":
        fault = {"connector": "telegram", "kind": "duplicate_webhook"}
        control.post("/_faults", json=fault).raise_for_status()
    happen(control, registered, user_id=7, text="привет", copies=2 if by == "copies" else 1)
    keys = [read(hook[1].get(timeout=WAIT_S), registered).key for _ in range(2)]
    assert len(keys) == 2 and len(set(keys)) == 1


def test_an_update_may_be_lost(
    registered: TelegramConfig, control: httpx2.Client, hook: Hook
) -> None:
    fault = {"connector": "telegram", "kind": "lost_webhook"}
    control.post("/_faults", json=fault).raise_for_status()
    lost = happen(control, registered, user_id=7, text="раз")
    came = happen(control, registered, user_id=7, text="два")
    element = read(hook[1].get(timeout=WAIT_S), registered)
    assert (element.key, lost + 1) == (f"update:{came}", came)
    assert hook[1].empty()


def test_only_kinds_that_were_asked_for_come(
    registered: TelegramConfig, control: httpx2.Client, hook: Hook
) -> None:
    happen(control, registered, "_happened", kind="edited_message", content={"message_id": 1})
    number = happen(control, registered, "_happened", kind="message", content={"message_id": 1})
    got = hook[1].get(timeout=WAIT_S)
    assert json.loads(got.body)["update_id"] == number
    assert read(got, registered).reason == "update_kind"


def test_another_secret_than_ours_is_not_taken(
    registered: TelegramConfig, control: httpx2.Client, hook: Hook
) -> None:
    happen(control, registered, user_id=7, text="привет")
    got = hook[1].get(timeout=WAIT_S)
    other = registered.model_copy(update={"webhook_secret": type(registered.token)("x" * 20)})
    with pytest.raises(SignatureInvalid):
        read(got, other)


def test_a_door_refuses_what_it_cannot_do(config: TelegramConfig, control: httpx2.Client) -> None:
    for body in ({}, {"user_id": 0}, {"user_id": 7, "token": "x"}, {"user_id": 7, "more": 1}):
        assert control.post("/telegram/_said", json=body).status_code in (400, 404)


def test_an_answer_says_what_it_answers_and_a_chat_shows_both(
    registered: TelegramConfig, config: TelegramConfig, control: httpx2.Client, hook: Hook, run: Run
) -> None:
    asked = run(config, "send_message", chat_id=77, text="Почему?").data["message_id"]
    happen(control, config, user_id=77, text="Потому", reply_to=asked)
    heard = said(read(hook[1].get(timeout=WAIT_S), config))
    assert (heard.text, heard.reply_to) == ("Потому", asked)
    params = {"token": token_of(config), "chat_id": "77"}
    shown = control.get("/telegram/_chat", params=params).json()["messages"]
    assert [(it["by"], it["text"]) for it in shown] == [(None, "Почему?"), ("Мария", "Потому")]
