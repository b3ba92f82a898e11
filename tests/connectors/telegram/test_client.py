"""Sends, edits and answers: against the sandbox, and against answers it would not give."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.telegram import CONNECTOR
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.sandbox import KEYBOARD
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)

Run = Callable[..., Answer]
Answering = Callable[..., TelegramConfig]
CHAT = 7_000_001
SENT = {"ok": True, "result": {"message_id": 8, "chat": {"id": CHAT}, "date": 1}}


def refused(code: int, description: str, **parameters: int) -> dict[str, Any]:
    content: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return {**content, "parameters": parameters} if parameters else content


def journal(control: httpx2.Client, operation: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = control.get(f"/_journal?operation={operation}").json()
    return entries


def test_a_message_with_buttons(run: Run, config: TelegramConfig, control: httpx2.Client) -> None:
    answer = run(
        config, "send_message", chat_id=CHAT, text="Заявка 2", keyboard=KEYBOARD, reply_to=4
    )
    message_id = answer.data["message_id"]
    assert answer.reference == f"{CHAT}:{message_id}"
    assert answer.data == {"chat_id": CHAT, "message_id": message_id}
    ((effect, request),) = [
        (it["effect"], it["request"]) for it in journal(control, "send_message")
    ]
    assert effect and request["text"] == "Заявка 2"
    assert request["reply_markup"]["inline_keyboard"] == [
        [
            {"text": "Утвердить", "callback_data": "yes:1"},
            {"text": "Отклонить", "callback_data": "no:1"},
        ]
    ]
    assert request["reply_parameters"] == {"message_id": 4, "allow_sending_without_reply": True}


def test_what_leaves_is_no_more_than_was_asked(
    run: Run, answering: Answering, asked: list[Any]
) -> None:
    config = answering(SENT)
    run(config, "send_message", chat_id=CHAT, text="<b>*текст*_")
    path = f"/bot{config.token.get_secret_value()}/sendMessage"
    assert asked == [("POST", path, {"chat_id": CHAT, "text": "<b>*текст*_"})]
    run(
        config,
        "send_message",
        chat_id=CHAT,
        text="x",
        keyboard=[[{"text": "Сайт", "url": "https://a.example"}]],
    )
    button = {"text": "Сайт", "url": "https://a.example"}
    assert asked[-1][2]["reply_markup"] == {"inline_keyboard": [[button]]}


def test_a_button_in_the_place_of_the_letters_shares_ones_phone(
    run: Run, answering: Answering, asked: list[Any]
) -> None:
    keyboard = [[{"text": "Отправить мой номер", "contact": True}], [{"text": "Отменить"}]]
    config = answering(SENT)
    run(config, "send_message", chat_id=CHAT, text="Телефон?", keyboard=keyboard)
    assert asked[-1][2]["reply_markup"] == {
        "keyboard": [
            [{"text": "Отправить мой номер", "request_contact": True}],
            [{"text": "Отменить"}],
        ],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }
    for wrong in ([{"text": "a", "contact": True}, {"text": "b", "data": "c"}], [{"contact": 1}]):
        with pytest.raises(Rejected) as caught:
            run(config, "send_message", chat_id=CHAT, text="x", keyboard=[wrong])
        assert caught.value.code == "keyboard"


def test_a_message_is_taken_out_and_may_be_gone_already(
    run: Run, config: TelegramConfig, answering: Answering
) -> None:
    message_id = run(config, "send_message", chat_id=CHAT, text="x").data["message_id"]
    wanted = {"chat_id": CHAT, "message_id": message_id}
    assert [run(config, "delete_message", **wanted).data for _ in range(2)] == [
        {"deleted": True},
        {"deleted": False},
    ]
    server = answering(refused(400, "Bad Request: message can't be deleted for everyone"))
    with pytest.raises(Rejected) as caught:
        run(server, "delete_message", **wanted)
    assert caught.value.code == "message_not_deletable"


def test_half_a_letter_does_not_stop_a_message(
    run: Run, answering: Answering, asked: list[Any]
) -> None:
    config = answering(SENT)
    button = {"text": "да\ud83d", "url": "https://a.example/\udc00"}
    run(config, "send_message", chat_id=CHAT, text="при\ud83dвет\n\u0000!", keyboard=[[button]])
    run(config, "send_photo", chat_id=CHAT, file_id="AgACAgIAAxkBAAI", caption="\ud83dчек")
    sent = [content for _, _, content in asked]
    (row,) = sent[0]["reply_markup"]["inline_keyboard"]
    assert sent[0]["text"] == "привет\n!"
    assert row == [{"text": "да", "url": "https://a.example/"}]
    assert sent[1]["caption"] == "чек"


@pytest.mark.parametrize(
    "arguments",
    [
        {"chat_id": "@channel"},
        {"chat_id": 0},
        {"chat_id": True},
        {"chat_id": 2**53 + 1},
        {"reply_to": -1},
        {"keyboard": [[{"text": "x", "data": "я" * 33}]]},
        {"keyboard": [[{"text": "x", "data": ""}]]},
        {"keyboard": [[{"text": "", "data": "x"}]]},
        {"keyboard": [[{"text": "x"}]]},
        {"keyboard": [["x"]]},
        {"keyboard": [[{"text": "x", "data": "a\u0000"}]]},
        {"keyboard": [[{"text": "x", "data": "\ud800"}]]},
        {"keyboard": [5]},
    ],
)
def test_what_cannot_be_meant_does_not_leave(
    run: Run, answering: Answering, asked: list[Any], arguments: dict[str, Any]
) -> None:
    config = answering(SENT)
    with pytest.raises(Rejected):
        run(config, "send_message", **{"chat_id": CHAT, "text": "x", **arguments})
    assert asked == []


@pytest.mark.parametrize(
    ("operation", "kind"), [("send_photo", "photo"), ("send_document", "document")]
)
def test_a_file_goes_by_its_id(
    run: Run, answering: Answering, asked: list[Any], operation: str, kind: str
) -> None:
    config = answering(SENT)
    answer = run(config, operation, chat_id=CHAT, file_id="AgACAgIAAxkBAAI", caption="я" * 2000)
    assert asked[0][2] == {"chat_id": CHAT, kind: "AgACAgIAAxkBAAI", "caption": "я" * 1024}
    assert answer.reference == f"{CHAT}:8"
    with pytest.raises(Rejected):
        run(config, operation, chat_id=CHAT, file_id="https://a.example/photo.jpg")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("last", "code", "unreachable"),
    [
        (90, "kicked", True),
        (91, "blocked", True),
        (92, "not_started", True),
        (93, "deactivated", True),
        (94, "chat_not_found", True),
        (95, "chat_migrated", False),
    ],
)
def test_chats_that_cannot_be_written_to(
    run: Run,
    config: TelegramConfig,
    control: httpx2.Client,
    last: int,
    code: str,
    unreachable: bool,
) -> None:
    with pytest.raises(Rejected) as caught:
        run(config, "send_message", chat_id=-(10**12) - last, text="x")
    assert (caught.value.code, caught.value.unreachable) == (code, unreachable)
    assert [entry["effect"] for entry in journal(control, "send_message")] == [False]
    if code == "chat_migrated":
        assert caught.value.detail.endswith(f": {-2 * 10**12 - last}")


@pytest.mark.parametrize(
    ("body", "status", "error", "code"),
    [
        (refused(401, "Unauthorized"), 401, AuthFailed, "401"),
        (refused(404, "Not Found"), 404, AuthFailed, "404"),
        (b"<html>nginx</html>", 404, AuthFailed, None),
        (b"<html>nginx</html>", 403, AuthFailed, None),
        (refused(403, "Forbidden: something new"), 403, Rejected, "403"),
        (refused(400, "Bad Request: message is too long"), 400, Rejected, "text_too_long"),
        (refused(400, "Bad Request: something new"), 400, Rejected, "400"),
        (refused(400, ""), 400, Rejected, "400"),
        (refused(409, "Conflict: terminated"), 409, Rejected, "409"),
        (b"<html>too large</html>", 413, Rejected, "413"),
        (refused(500, "Internal Server Error: restart"), 500, OutcomeUnknown, None),
        (b"Bad Gateway", 502, OutcomeUnknown, None),
        (refused(400, "Bad Request: chat not found"), 200, Rejected, "chat_not_found"),
        (refused(502, "Bad Gateway"), 200, OutcomeUnknown, None),
        ({"ok": "true", "result": {}}, 200, OutcomeUnknown, None),
        ({"result": SENT["result"]}, 200, OutcomeUnknown, None),
        ({"ok": True, "result": True}, 200, OutcomeUnknown, None),
        ({"ok": True, "result": {"message_id": 8}}, 200, OutcomeUnknown, None),
        ({"ok": True, "result": {"message_id": 0, "chat": {"id": 1}}}, 200, OutcomeUnknown, None),
        (b"{", 200, OutcomeUnknown, None),
        (b"[]", 200, OutcomeUnknown, None),
        (b"", 302, ContractBroken, None),
    ],
)
def test_what_an_answer_to_a_send_means(
    run: Run,
    answering: Answering,
    body: object,
    status: int,
    error: type[CallFailed],
    code: str | None,
) -> None:
    with pytest.raises(CallFailed) as caught:
        run(answering(body, status), "send_message", chat_id=CHAT, text="x")
    assert (type(caught.value), caught.value.code) == (error, code)


@pytest.mark.parametrize(
    ("body", "headers", "wait_s"),
    [
        (refused(429, "Too Many Requests: retry after 7", retry_after=7), {}, 7),
        (refused(429, "Too Many Requests", retry_after=10**9), {}, 24 * 3600),
        (refused(429, "Too Many Requests", retry_after=-1), {}, 30),
        (refused(429, "Too Many Requests"), {}, 30),
        (b"<html>slow down</html>", {"retry-after": "9"}, 9),
    ],
)
def test_a_limit_says_how_long(
    run: Run, answering: Answering, body: object, headers: dict[str, str], wait_s: int
) -> None:
    before = datetime.now(UTC)
    with pytest.raises(RateLimited) as caught:
        run(answering(body, 429, headers), "send_message", chat_id=CHAT, text="x")
    after = datetime.now(UTC)
    assert before <= caught.value.retry_at - timedelta(seconds=wait_s) <= after
    assert caught.value.everyone


def test_a_refusal_in_unknown_words_holds_no_number_and_no_key(
    run: Run, answering: Answering
) -> None:
    config = answering({})
    token = config.token.get_secret_value()
    said = f"Bad Request: no 79990000001 at {token} or {token.partition(':')[2]} {'A1' * 20}"
    with pytest.raises(Rejected) as caught:
        run(answering(refused(400, said), 400), "send_message", chat_id=CHAT, text="x")
    detail = caught.value.detail
    assert "Bad Request: no" in detail
    assert "79990000001" not in detail and token.partition(":")[2] not in detail
    assert "A1A1" not in detail


def test_an_edit_changes_and_a_second_one_finds_it_so(run: Run, config: TelegramConfig) -> None:
    message_id = run(config, "send_message", chat_id=CHAT, text="Заявка 3", keyboard=KEYBOARD).data[
        "message_id"
    ]
    which = {"chat_id": CHAT, "message_id": message_id}
    for operation, more in (
        ("edit_message_reply_markup", {}),
        ("edit_message_text", {"text": "Заявка 3: утверждена"}),
        ("edit_message_reply_markup", {"keyboard": KEYBOARD}),
    ):
        for modified in (True, False):
            answer = run(config, operation, **which, **more)
            assert answer.data == {**which, "modified": modified}
            assert answer.reference == f"{CHAT}:{message_id}"
        assert CONNECTOR.operations[operation].repeatable


@pytest.mark.parametrize(
    ("message_id", "code"), [(10**9, "message_gone"), (0, "message_id"), ("x", "message_id")]
)
def test_an_edit_of_what_is_not_there(
    run: Run, config: TelegramConfig, message_id: object, code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        run(config, "edit_message_text", chat_id=CHAT, message_id=message_id, text="x")
    assert caught.value.code == code


def test_a_press_is_answered_once_it_is_known(
    run: Run, config: TelegramConfig, answering: Answering, asked: list[Any]
) -> None:
    with pytest.raises(Rejected) as caught:
        run(config, "answer_callback_query", callback_id="1")
    assert caught.value.code == "query_too_old"
    server = answering({"ok": True, "result": True})
    run(server, "answer_callback_query", callback_id="438", text="я" * 300, alert=True)
    body = {"callback_query_id": "438", "text": "я" * 200, "show_alert": True}
    assert asked[-1][2] == body


def test_whose_token_it_is(run: Run, config: TelegramConfig, answering: Answering) -> None:
    answer = run(config, "get_me")
    assert answer.reference == config.token.get_secret_value().partition(":")[0]
    assert answer.data == {"account": "@uzel_sandbox_bot", "name": "Узел"}
    for result in ({}, {"id": 5}, {"id": "5", "username": "x"}, True, None):
        with pytest.raises(ContractBroken):
            run(answering({"ok": True, "result": result}), "get_me")
    for body, status in ((refused(500, "Internal Server Error"), 500), (refused(502, ""), 200)):
        with pytest.raises(Unavailable):
            run(answering(body, status), "get_me")


@pytest.mark.parametrize(
    "secret", ["bad-token-00000000000000000000000", "another-one-000000000000000"]
)
def test_a_wrong_token_pauses_the_connection(
    run: Run, config: TelegramConfig, sandbox: str, secret: str
) -> None:
    settings = {"token": f"110201543:{secret}", "base_url": f"{sandbox}/telegram/v9"}
    if secret.startswith("bad"):
        settings["base_url"] = f"{sandbox}/telegram"
    wrong = TelegramConfig.model_validate(settings)
    for operation, arguments in (("get_me", {}), ("send_message", {"chat_id": CHAT, "text": "x"})):
        with pytest.raises(AuthFailed):
            run(wrong, operation, **arguments)


def test_a_token_that_would_change_the_path_does_not_leave(
    run: Run, answering: Answering, asked: list[Any]
) -> None:
    config = answering(SENT)
    wrong = config.model_copy(update={"token": type(config.token)("1/../x?y=")})
    for operation, arguments in (("get_me", {}), ("download", {"file_path": "photos/a.jpg"})):
        with pytest.raises(ConfigError) as caught:
            run(wrong, operation, **arguments)
        assert "../x" not in str(caught.value)
    assert asked == []


def test_nobody_there_means_it_was_not_sent(run: Run, config: TelegramConfig) -> None:
    away = config.model_copy(update={"base_url": "http://127.0.0.1:1"})
    with pytest.raises(Unavailable):
        run(away, "send_message", chat_id=CHAT, text="x")
