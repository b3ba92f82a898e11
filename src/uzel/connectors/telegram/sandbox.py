"""The Bot API in miniature: messages that can be edited once they are there, files, updates that
are posted until they are acknowledged.

Any token is good that looks like one, unless what stands behind the colon begins with `bad` (401);
a path with another one is `Not Found` (404), as at Telegram. The last two digits of a chat's id
decide what becomes of a message, see `miniature.ENDINGS`. Files whose id begins with `gone` are not
known, `huge` are too large for bots.

Control doors: `GET` and `POST /_settings`; `POST /_said {"user_id", "text" | "photo" | "document" |
"contact" | "press"}` has a person write to a bot or press a button; `GET
/_chat?chat_id=` shows a chat, the oldest message first; `POST /_happened {"kind",
"content"}` has anything else happen. Both answer {"update_id"}. The faults `duplicate_webhook` and
`lost_webhook` concern the next update.
"""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.telegram.config import TOKEN as TOKEN_PATTERN
from uzel.connectors.telegram.doors import TOKEN, Happened, Said, Settings
from uzel.connectors.telegram.methods import METHODS, Method, demand_file
from uzel.connectors.telegram.miniature import (
    OLD_CHAT,
    OLD_MESSAGE,
    OLD_QUERY,
    Bot,
    Content,
    Refused,
)
from uzel.errors import CallFailed, Rejected
from uzel.kit.control import answer, taking
from uzel.kit.credentials import HIDDEN
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk, without_secrets

SETTINGS: Mapping[str, Any] = {
    "token": TOKEN,
    "webhook_secret": "sandbox-telegram-secret",
    "approvers": -1_001_000_000_001,
}
KEYBOARD = [[{"text": "Утвердить", "data": "yes:1"}, {"text": "Отклонить", "data": "no:1"}]]
FILE_ID = "AgACAgIAAxkBAAsandboxfile"
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "get_me": {},
    "send_message": {"chat_id": OLD_CHAT, "text": "Заявка 2 на 1 500 ₽", "keyboard": KEYBOARD},
    "send_photo": {"chat_id": OLD_CHAT, "file_id": FILE_ID, "caption": "Чек"},
    "send_document": {"chat_id": OLD_CHAT, "file_id": FILE_ID},
    "edit_message_text": {
        "chat_id": OLD_CHAT,
        "message_id": OLD_MESSAGE,
        "text": "Заявка 1 утверждена",
    },
    "edit_message_reply_markup": {"chat_id": OLD_CHAT, "message_id": OLD_MESSAGE},
    "delete_message": {"chat_id": OLD_CHAT, "message_id": OLD_MESSAGE},
    "answer_callback_query": {"callback_id": OLD_QUERY, "text": "Готово"},
    "get_file": {"file_id": FILE_ID},
    "download": {"file_path": "photos/file_0.jpg"},
}
# A 403 is always about who is written to, never about us.
MEANINGS: Mapping[FaultKind, type[CallFailed] | None] = {FaultKind.FORBIDDEN: Rejected}


def routes(desk: Desk) -> list[BaseRoute]:
    """The methods that we use, and the control doors."""
    telegram = Telegram(desk)
    desk.refusals |= {
        FaultKind.UNAUTHORIZED: lambda: refusal(Refused(401, "Unauthorized")),
        FaultKind.FORBIDDEN: lambda: refusal(
            Refused(403, "Forbidden: bot was blocked by the user")
        ),
        FaultKind.TOO_MANY: lambda: refusal(telegram.too_many()),
        FaultKind.BROKEN: lambda: refusal(Refused(500, "Internal Server Error")),
    }
    methods = {**METHODS, "getFile": ("get_file", telegram.get_file)}
    return [
        Route("/_settings", telegram.read_settings),
        taking("/_settings", Settings, telegram.change_settings),
        Route("/_chat", telegram.chat),
        taking("/_said", Said, telegram.said),
        taking("/_happened", Happened, telegram.happened),
        *(
            desk.route(
                f"/bot{{token}}/{method}",
                operation,
                telegram.handler(act),
                methods=("GET", "POST"),
                describe=described,
            )
            for method, (operation, act) in methods.items()
        ),
        desk.route("/file/bot{token}/{path:path}", "download", telegram.download, methods=("GET",)),
        desk.route(
            "/bot{token}/{method}", "unknown_method", no_such_method, methods=("GET", "POST")
        ),
    ]


class Telegram:
    """The bots and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = Settings()
        self.bots: dict[str, Bot] = {}

    def bot(self, token: str) -> Bot:
        """Raises Refused."""
        if not TOKEN_PATTERN.fullmatch(token):
            raise Refused(404, "Not Found")
        if token.partition(":")[2].startswith("bad"):
            raise Refused(401, "Unauthorized")
        if token not in self.bots:
            self.bots[token] = Bot(token, self.desk, lambda: self.settings)
        return self.bots[token]

    def handler(self, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        async def handle(asked: Asked) -> Response:
            try:
                result = method(self.bot(asked.params["token"]), asked)
            except Refused as refused:
                return refusal(refused)
            return answer({"ok": True, "result": result})

        return handle

    def too_many(self) -> Refused:
        wait_s = self.settings.retry_after_s
        description = f"Too Many Requests: retry after {wait_s}"
        return Refused(429, description, {"retry_after": wait_s})

    def get_file(self, bot: Bot, asked: Asked) -> Content:
        file_id = demand_file(asked.fields.get("file_id"))
        if file_id.startswith("huge"):
            raise Refused(400, "Bad Request: file is too big")
        known = {"file_id": file_id, "file_unique_id": "AQADsandboxfile"}
        path = f"photos/{sha256(file_id.encode()).hexdigest()[:8]}.jpg"
        return {**known, "file_size": self.settings.file_bytes, "file_path": path}

    async def download(self, asked: Asked) -> Response:
        try:
            self.bot(asked.params["token"])
        except Refused as refused:
            return refusal(refused)
        if asked.params["path"].startswith("gone"):
            return refusal(Refused(404, "Not Found"))
        # The beginning of a JPEG; what follows is another one's for another file.
        begins = b"\xff\xd8\xff" + asked.params["path"].encode()
        content = begins.ljust(self.settings.file_bytes, b"\0")[: self.settings.file_bytes]
        return Response(content, media_type="application/octet-stream")

    async def read_settings(self, request: Request) -> Response:
        return answer(self.settings.model_dump())

    async def change_settings(self, asked: Settings) -> Response:
        changes = {name: getattr(asked, name) for name in asked.model_fields_set}
        self.settings = self.settings.model_copy(update=changes)
        return answer(self.settings.model_dump())

    async def chat(self, request: Request) -> Response:
        chat_id = int(request.query_params.get("chat_id", OLD_CHAT))
        bot = self.bot(request.query_params.get("token", TOKEN))
        return answer({"messages": bot.shown(chat_id)})

    async def said(self, asked: Said) -> Response:
        return self.happening(asked.token, lambda bot: bot.hear(asked))

    async def happened(self, asked: Happened) -> Response:
        return self.happening(
            asked.token, lambda bot: bot.happen(asked.kind, asked.content, asked.copies)
        )

    def happening(self, token: str, happen: Callable[[Bot], int]) -> Response:
        try:
            return answer({"update_id": happen(self.bot(token))})
        except Refused as refused:
            return refusal(refused)


async def no_such_method(asked: Asked) -> Response:
    return refusal(Refused(404, "Not Found: method not found"))


def refusal(refused: Refused) -> Response:
    return Response(orjson.dumps(refused.content), refused.code, media_type="application/json")


def described(asked: Asked) -> Mapping[str, Any]:
    """For the journal: of an address its path only, since its query holds a key."""
    fields = dict(without_secrets(asked))
    if "secret_token" in fields:
        fields["secret_token"] = HIDDEN
    if "url" in fields:
        fields["url"] = urlsplit(str(fields["url"])).path
    return fields
