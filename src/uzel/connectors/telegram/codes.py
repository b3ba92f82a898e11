"""What the refusals of the Bot API mean.

Only `error_code` is promised, and that it may change (core.telegram.org/bots/api, "Making
requests"). Why a request was refused stands in `description`, in words nobody lists; those below
were seen by many (github.com/TelegramBotAPI/errors and the issues of bot libraries).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.connectors.telegram.values import chat_in
from uzel.errors import AuthFailed, CallFailed, RateLimited, Rejected
from uzel.kit.body import at, text_of
from uzel.kit.http import DEFAULT_RETRY_AFTER_S, LONGEST_RETRY_AFTER_S

NOT_MODIFIED = "not_modified"
MIGRATED = "chat_migrated"
GONE = "message_gone"
_LONG_NUMBER = re.compile(r"[0-9]{5,}")
_WORD_LIKE_TOKEN = re.compile(r"[A-Za-z0-9_:/.-]{30,}")


@dataclass(frozen=True, slots=True)
class Known:
    """`unreachable`: nothing reaches this person or chat through this bot."""

    said: str
    code: str
    words: str
    unreachable: bool = False


KNOWN = (
    Known("bot was blocked by the user", "blocked", "человек заблокировал бота", True),
    Known("user is deactivated", "deactivated", "аккаунт человека удалён", True),
    Known("can't initiate conversation", "not_started", "человек ещё не писал боту", True),
    Known("bot was kicked", "kicked", "бота удалили из чата", True),
    Known("bot is not a member", "not_member", "бота нет в этом чате", True),
    Known("chat not found", "chat_not_found", "такого чата нет или человек не писал боту", True),
    Known("peer_id_invalid", "chat_not_found", "такого чата нет или человек не писал боту", True),
    Known("upgraded to a supergroup", MIGRATED, "группа стала супергруппой, номер изменился"),
    Known("have no rights", "no_rights", "у бота нет права писать в этот чат"),
    Known("not enough rights", "no_rights", "у бота нет права писать в этот чат"),
    Known("message is not modified", NOT_MODIFIED, "сообщение уже такое"),
    Known("message to edit not found", GONE, "изменяемого сообщения нет"),
    Known("message to delete not found", GONE, "удаляемого сообщения нет"),
    Known("message can't be deleted", "message_not_deletable", "это сообщение удалить нельзя"),
    Known("message can't be edited", "message_not_editable", "это сообщение изменить нельзя"),
    Known("message is too long", "text_too_long", "текст длиннее 4096 знаков"),
    Known("message text is empty", "text_empty", "текст пуст"),
    Known("query is too old", "query_too_old", "нажатие устарело, отвечать на него поздно"),
    Known("button_data_invalid", "keyboard", "данные кнопки длиннее 64 байт"),
    Known("file is too big", "file_too_big", "файл больше 20 МБ, ботам такие не отдают"),
    Known("wrong file", "file_unknown", "Telegram не знает такого файла"),
    Known("wrong remote file", "file_unknown", "Telegram не знает такого файла"),
    Known("invalid file_id", "file_unknown", "Telegram не знает такого файла"),
    Known(
        "bad webhook", "bad_webhook", "адрес не подошёл: нужен https и порт 443, 80, 88 или 8443"
    ),
)


def failure(content: Mapping[str, Any], status: int, token: str) -> CallFailed | None:
    """The error that `{"ok": false, "error_code", "description", "parameters"}` means; None where
    only the HTTP status counts: something broke on their side.
    """
    code = content.get("error_code")
    code = code if isinstance(code, int) and not isinstance(code, bool) else status
    if code >= 500:
        return None
    said = text_of(content.get("description")) or ""
    if code in (401, 404):
        # 404 "Not Found": what stands in the path looks like no token at all.
        detail = "Telegram: токен бота не подходит, возьмите новый у @BotFather"
        return AuthFailed(detail, code=str(code), http_status=status)
    if code == 429:
        wait_s = wait_of(at(content, "parameters", "retry_after"))
        detail = f"Telegram: слишком часто, просит подождать {wait_s:g} с"
        retry_at = datetime.now(UTC) + timedelta(seconds=wait_s)
        return RateLimited(detail, retry_at=retry_at, code="429", http_status=status)
    known = next((it for it in KNOWN if it.said in said.lower()), None)
    if known is None:
        words = scrubbed(said, token) or "отказ без объяснения"
        detail = f"Telegram: {words}"
        return Rejected(detail, code=str(code), http_status=status, unreachable=code == 403)
    moved_to = chat_in(at(content, "parameters", "migrate_to_chat_id"))
    detail = f"Telegram: {known.words}" + (f": {moved_to}" if moved_to else "")
    return Rejected(detail, code=known.code, http_status=status, unreachable=known.unreachable)


def wait_of(retry_after: Any) -> float:
    """Seconds ("ResponseParameters"), kept within a day."""
    if isinstance(retry_after, bool) or not isinstance(retry_after, int) or retry_after < 0:
        return DEFAULT_RETRY_AFTER_S
    return min(float(retry_after), LONGEST_RETRY_AFTER_S)


def scrubbed(said: str, token: str) -> str:
    """Their words without numbers that may be somebody's, and without what looks like a key."""
    for part in (token, token.partition(":")[2]):
        said = said.replace(part, "•••") if part else said
    return _LONG_NUMBER.sub("•••", _WORD_LIKE_TOKEN.sub("•••", said))
