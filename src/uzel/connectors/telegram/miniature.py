"""The inside of Telegram in miniature: bots, what they wrote, and the updates posted to them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson

from uzel.connectors.telegram.doors import Said, Settings
from uzel.kit.pushing import Sender, is_success
from uzel.kit.sandbox import Desk

MESSAGES_KEPT = 100_000
FIRST_UPDATE = 700_000_001
FIRST_MESSAGE = 1
# There from the beginning, so that an edit has something to change.
OLD_CHAT, OLD_MESSAGE = 7_000_000, 1
OLD_QUERY = "4000000000000000001"

Content = dict[str, Any]


class Refused(Exception):
    """`{"ok": false}`; the description as Telegram begins it."""

    def __init__(
        self, code: int, description: str, parameters: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.content: Content = {"ok": False, "error_code": code, "description": description}
        if parameters:
            self.content["parameters"] = dict(parameters)


# What becomes of a message, by the last two digits of the chat's id.
ENDINGS: Mapping[int, tuple[int, str]] = {
    90: (403, "Forbidden: bot was kicked from the supergroup chat"),
    91: (403, "Forbidden: bot was blocked by the user"),
    92: (403, "Forbidden: bot can't initiate conversation with a user"),
    93: (403, "Forbidden: user is deactivated"),
    94: (400, "Bad Request: chat not found"),
    95: (400, "Bad Request: group chat was upgraded to a supergroup chat"),
}
MOVED = 95


@dataclass(frozen=True, slots=True)
class Update:
    """An update as it goes out."""

    update_id: int
    kind: str
    body: bytes
    secret: str | None


@dataclass(slots=True)
class Hook:
    """What `setWebhook` was told."""

    url: str = ""
    secret: str | None = None
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class Bot:
    """One bot. `messages`: (chat, message) → what it shows; `people`: who wrote those that are not
    its own; `queries`: presses of buttons.
    """

    token: str
    desk: Desk
    settings: Callable[[], Settings]
    hook: Hook = field(default_factory=Hook)
    messages: dict[tuple[int, int], Content] = field(default_factory=dict)
    people: dict[tuple[int, int], str] = field(default_factory=dict)
    queries: set[str] = field(default_factory=lambda: {OLD_QUERY})
    _updates: Any = field(default_factory=lambda: count(FIRST_UPDATE))
    _numbers: Any = field(default_factory=lambda: count(FIRST_MESSAGE + 1))

    def __post_init__(self) -> None:
        self.messages[OLD_CHAT, OLD_MESSAGE] = {"text": "Заявка 1"}

    @property
    def id(self) -> int:
        return int(self.token.partition(":")[0])

    def write(self, chat_id: int, content: Content) -> Content:
        """A message of the bot. Raises Refused."""
        demand_open(chat_id)
        return self._kept(chat_id, content, sender=self.told())

    def edit(self, chat_id: int, message_id: int, changes: Content) -> Content:
        """`reply_markup` goes where none is given. Raises Refused."""
        demand_open(chat_id)
        before = self.messages.get((chat_id, message_id))
        if before is None:
            raise Refused(400, "Bad Request: message to edit not found")
        after = {name: value for name, value in before.items() if name != "reply_markup"} | changes
        if after == before:
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message",
            )
        self.messages[chat_id, message_id] = after
        return message_of(chat_id, message_id, after, self.told())

    def delete(self, chat_id: int, message_id: int) -> None:
        """Raises Refused."""
        demand_open(chat_id)
        if self.messages.pop((chat_id, message_id), None) is None:
            raise Refused(400, "Bad Request: message to delete not found")

    def shown(self, chat_id: int) -> list[Content]:
        """What a chat shows, the oldest first; `by`: who wrote it, None for the bot."""
        mine = sorted(key for key in self.messages if key[0] == chat_id)
        return [
            {"message_id": key[1], "by": self.people.get(key), **self.messages[key]} for key in mine
        ]

    def told(self) -> Content:
        return {"id": self.id, "is_bot": True, "first_name": "Узел", "username": "uzel_sandbox_bot"}

    def hear(self, said: Said) -> int:
        """A person writes or presses. The update's id."""
        chat_id = said.chat_id or said.user_id
        names = {"last_name": said.last_name, "username": said.username}
        person: Content = {"id": said.user_id, "is_bot": False, "first_name": said.first_name}
        person |= {name: value for name, value in names.items() if value is not None}
        if said.press is None:
            message = self._kept(chat_id, content_of(said), sender=person)
            return self.happen("message", message, said.copies)
        number = said.message_id or OLD_MESSAGE
        shown = self.messages.get((chat_id, number), {})
        query_id = f"4000000000{FIRST_UPDATE + len(self.queries)}"
        self.queries.add(query_id)
        query = {
            "id": query_id,
            "from": person,
            "message": message_of(chat_id, number, shown, self.told()),
            "chat_instance": "-3000000000000000001",
            "data": said.press,
        }
        return self.happen("callback_query", query, said.copies)

    def happen(self, kind: str, content: Content, copies: int = 1) -> int:
        """Posted unless there is no address, or its owner did not want such updates."""
        update_id = int(next(self._updates))
        wanted = not self.hook.allowed or kind in self.hook.allowed
        if self.hook.url and wanted:
            body = orjson.dumps({"update_id": update_id, kind: content})
            update = Update(update_id, kind, body, self.hook.secret)
            for _ in range(copies * self.desk.webhook_copies()):
                self.desk.spawn(self._deliver(update))
        return update_id

    async def _deliver(self, update: Update) -> None:
        """Until the answer is 2xx, or `setWebhook` took the address away."""
        sender: Sender[Update] = Sender(self.desk, headers_of, told_of)
        for _ in range(self.settings().attempts):
            if not self.hook.url:
                return
            if is_success(await sender.send(self.desk.http, self.hook.url, update, {})):
                return
            await asyncio.sleep(self.settings().retry_s)

    def _kept(self, chat_id: int, content: Content, sender: Content) -> Content:
        number = int(next(self._numbers))
        self.messages[chat_id, number] = content
        if not sender["is_bot"]:
            self.people[chat_id, number] = sender["first_name"]
        if len(self.messages) > MESSAGES_KEPT:
            oldest = next(iter(self.messages))
            del self.messages[oldest]
            self.people.pop(oldest, None)
        return message_of(chat_id, number, content, sender)


def demand_open(chat_id: int) -> None:
    """Raises Refused for the chats of `ENDINGS`."""
    last = abs(chat_id) % 100
    if last in ENDINGS:
        moved = {"migrate_to_chat_id": -1_000_000_000_000 - abs(chat_id)} if last == MOVED else None
        raise Refused(*ENDINGS[last], moved)


def headers_of(update: Update) -> Mapping[str, str]:
    headers = {"content-type": "application/json"}
    if update.secret is not None:
        headers["X-Telegram-Bot-Api-Secret-Token"] = update.secret
    return headers


def told_of(update: Update) -> Mapping[str, Any]:
    return {"update_id": update.update_id, "kind": update.kind}


def message_of(chat_id: int, number: int, content: Content, sender: Content) -> Content:
    """A Message."""
    chat: Content = {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"}
    if chat_id < 0:
        chat["title"] = "Выплаты"
    date = int(datetime.now(UTC).timestamp())
    return {"message_id": number, "from": sender, "chat": chat, "date": date, **content}


def content_of(said: Said) -> Content:
    """What the person put into the message."""
    content: Content = {}
    if said.photo is not None:
        content["photo"] = [size_of(said.photo, side) for side in (90, 320, 1280)]
    if said.document is not None:
        file = {"file_id": said.document, "file_unique_id": "AQADsandboxdoc"}
        content["document"] = {**file, "file_name": "чек.pdf", "mime_type": "application/pdf"}
    if said.contact is not None:
        content["contact"] = {"first_name": "Мария", **said.contact.model_dump(exclude_none=True)}
    if said.reply_to is not None:
        content["reply_to_message"] = {"message_id": said.reply_to}
    if said.text is not None:
        content["caption" if said.photo or said.document else "text"] = said.text
    return content


def size_of(file_id: str, side: int) -> Content:
    """A PhotoSize; the largest one has the id that was given."""
    whole = file_id if side == 1280 else f"{file_id}-{side}"
    sizes = {"width": side, "height": side * 3 // 4, "file_size": side * 100}
    return {"file_id": whole, "file_unique_id": f"AQAD{side:08}", **sizes}
