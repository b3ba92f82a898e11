"""What we may ask of a bot (core.telegram.org/bots/api, "Available methods", "Updating messages").

Telegram knows no key against doubles, and a bot cannot read what it wrote: a message whose answer
was lost stays unknown. Texts go out as they are, without `parse_mode`, so nothing in them can break
them.
"""

from collections.abc import Mapping
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.telegram.api import Content, call
from uzel.connectors.telegram.codes import GONE, NOT_MODIFIED
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.values import chat_in, file_in, id_in
from uzel.errors import ContractBroken, OutcomeUnknown, Rejected
from uzel.kit.body import at, storable, text_of

MOST_BUTTON_BYTES = 64  # InlineKeyboardButton, callback_data
LONGEST_CAPTION = 1024  # sendPhoto, sendDocument
LONGEST_NOTICE = 200  # answerCallbackQuery

Arguments = Mapping[str, Any]


async def get_me(http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments) -> Answer:
    """Whose token this is. Answer: reference = the bot's id, data {"account" (`@name`), "name"}."""
    bot = await call(http, config, "getMe", effect=False)
    bot_id, username = id_in(at(bot, "id")), text_of(at(bot, "username"))
    if bot_id is None or username is None:
        raise ContractBroken("Telegram: в ответе о боте нет id или имени")
    name = text_of(at(bot, "first_name"))
    return Answer(reference=str(bot_id), data={"account": f"@{username}", "name": name})


async def send_message(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """Write `text` (1 to 4096 characters) to `chat_id`.

    keyboard  buttons below the message: rows of {"text", "data" (1 to 64 bytes)} or {"text",
              "url"}; or, where one is {"text", "contact": true}, in the place of the letters: that
              one shares the person's own phone, in private chats only, the others say their text
    reply_to  id of the message it answers; where that is gone, it goes out all the same

    Answer: as of `sent`. Raises every CallFailed but ContractBroken.
    """
    body = {**addressed(arguments), "text": plain(arguments["text"])}
    return sent(await call(http, config, "sendMessage", body, effect=True))


async def send_photo(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """A photo that Telegram knows as `file_id`, with a `caption` (up to 1024 characters) or not;
    the rest as `send_message`.
    """
    return await send_file(http, config, "sendPhoto", "photo", arguments)


async def send_document(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """As `send_photo`, of a document."""
    return await send_file(http, config, "sendDocument", "document", arguments)


async def send_file(
    http: httpx2.AsyncClient, config: TelegramConfig, method: str, kind: str, arguments: Arguments
) -> Answer:
    """By its id only: an address would have Telegram fetch it from there."""
    file_id = file_in(arguments["file_id"])
    if file_id is None:
        raise Rejected("Telegram: это не id файла", code="file_unknown")
    body = {**addressed(arguments), kind: file_id}
    if caption := arguments.get("caption"):
        body["caption"] = plain(caption)[:LONGEST_CAPTION]
    return sent(await call(http, config, method, body, effect=True))


async def edit_message_text(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """Put `text` in the place of that of `message_id` in `chat_id`, and `keyboard` in the place of
    its buttons; none given: they go. Answer: as of `edit`.
    """
    body = {**which(arguments), "text": plain(arguments["text"])}
    return await edit(http, config, "editMessageText", body)


async def edit_message_reply_markup(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """Put `keyboard` in the place of the buttons of `message_id` in `chat_id`; none given: they go.
    Answer: as of `edit`.
    """
    return await edit(http, config, "editMessageReplyMarkup", which(arguments))


async def edit(
    http: httpx2.AsyncClient, config: TelegramConfig, method: str, body: Content
) -> Answer:
    """Answer: reference as of `sent`, data {"chat_id", "message_id", "modified"}; `modified` False:
    it was so already, which an edit that is repeated finds. Raises every CallFailed.
    """
    chat_id, message_id = body["chat_id"], body["message_id"]
    modified = True
    try:
        await call(http, config, method, body, effect=True)
    except Rejected as refused:
        if refused.code != NOT_MODIFIED:
            raise
        modified = False
    data = {"chat_id": chat_id, "message_id": message_id, "modified": modified}
    return Answer(reference=f"{chat_id}:{message_id}", data=data)


async def delete_message(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """Take `message_id` out of `chat_id`: in a private chat the person's own, too, for two days
    after it was written ("deleteMessage"). Answer: data {"deleted"}; False: it was gone already.
    Raises every CallFailed.
    """
    body = {"chat_id": chat_of(arguments), "message_id": message_of(arguments["message_id"])}
    try:
        await call(http, config, "deleteMessage", body, effect=True)
    except Rejected as refused:
        if refused.code != GONE:
            raise
        return Answer(data={"deleted": False})
    return Answer(data={"deleted": True})


async def answer_callback_query(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """End the wait of who pressed a button (`callback_id`), with `text` (up to 200 characters)
    shown for a moment, or in a window with `alert`. Answer: no data.
    """
    body: Content = {"callback_query_id": str(arguments["callback_id"])}
    if text := arguments.get("text"):
        body["text"] = plain(text)[:LONGEST_NOTICE]
    if arguments.get("alert"):
        body["show_alert"] = True
    await call(http, config, "answerCallbackQuery", body, effect=True)
    return Answer()


def addressed(arguments: Arguments) -> Content:
    """What every send says: where to, under which buttons, in answer to what."""
    body: Content = {"chat_id": chat_of(arguments)}
    if keyboard := keyboard_of(arguments.get("keyboard")):
        body["reply_markup"] = keyboard
    if (reply_to := arguments.get("reply_to")) is not None:
        replied = {"message_id": message_of(reply_to), "allow_sending_without_reply": True}
        body["reply_parameters"] = replied
    return body


def which(arguments: Arguments) -> Content:
    """What every edit says."""
    body: Content = {
        "chat_id": chat_of(arguments),
        "message_id": message_of(arguments["message_id"]),
    }
    if keyboard := keyboard_of(arguments.get("keyboard")):
        body["reply_markup"] = keyboard
    return body


def chat_of(arguments: Arguments) -> int:
    """Raises Rejected: a name (`@channel`) may become another's tomorrow, so only ids are taken."""
    chat_id = chat_in(arguments["chat_id"])
    if chat_id is None:
        raise Rejected("Telegram: номер чата это целое число, не ноль", code="chat_id")
    return chat_id


def message_of(value: Any) -> int:
    """Raises Rejected."""
    message_id = id_in(value)
    if message_id is None:
        raise Rejected("Telegram: номер сообщения это целое число больше нуля", code="message_id")
    return message_id


def keyboard_of(rows: Any) -> Content | None:
    """InlineKeyboardMarkup or ReplyKeyboardMarkup of `keyboard`; None where there are no buttons.
    Raises Rejected.
    """
    if not rows:
        return None
    try:
        if any("contact" in button for row in rows for button in row):
            keys = [[key_of(button) for button in row] for row in rows]
            return {"keyboard": keys, "resize_keyboard": True, "one_time_keyboard": True}
        return {"inline_keyboard": [[button_of(button) for button in row] for row in rows]}
    except TypeError:
        raise unreadable_button() from None


def key_of(button: Any) -> Content:
    """KeyboardButton of {"text", "contact": true} or {"text"}. Raises Rejected."""
    match button:
        case {"text": str(text), "contact": True} if text:
            return {"text": plain(text), "request_contact": True}
        case {"text": str(text)} if text and len(button) == 1:
            return {"text": plain(text)}
    raise unreadable_button()


def button_of(button: Any) -> Content:
    """InlineKeyboardButton of {"text", "data"} or {"text", "url"}. Raises Rejected."""
    match button:
        case {"text": str(text), "data": str(data)} if text:
            if plain(data) != data or not 0 < len(data.encode()) <= MOST_BUTTON_BYTES:
                raise Rejected("Telegram: данные кнопки занимают от 1 до 64 байт", code="keyboard")
            return {"text": plain(text), "callback_data": data}
        case {"text": str(text), "url": str(url)} if text and url:
            return {"text": plain(text), "url": plain(url)}
    raise unreadable_button()


def plain(value: Any) -> str:
    """A text without what no request can carry: half a surrogate pair would end a call as a fault
    of ours, with nobody knowing whether it left.
    """
    return storable(str(value))


def unreadable_button() -> Rejected:
    return Rejected("Telegram: у кнопки должны быть text и data или url", code="keyboard")


def sent(message: Any) -> Answer:
    """Answer: reference `chat:message`, data {"chat_id", "message_id"}. Without its id nobody knows
    whether it is there: OutcomeUnknown.
    """
    message_id, chat_id = id_in(at(message, "message_id")), chat_in(at(message, "chat", "id"))
    if message_id is None or chat_id is None:
        raise OutcomeUnknown("Telegram: в ответе нет номера сообщения")
    data = {"chat_id": chat_id, "message_id": message_id}
    return Answer(reference=f"{chat_id}:{message_id}", data=data)
