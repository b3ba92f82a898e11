"""The methods of the Bot API in miniature, each of a bot and of what it was asked."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from uzel.connectors.telegram.miniature import Bot, Content, Hook, Refused
from uzel.connectors.telegram.values import LONGEST_TEXT, chat_in, file_in, id_in
from uzel.kit.body import at
from uzel.kit.sandbox import Asked

Method = Callable[[Bot, Asked], Any]


def send_message(bot: Bot, asked: Asked) -> Content:
    return write(bot, asked, {"text": demand_text(asked)})


def send_photo(bot: Bot, asked: Asked) -> Content:
    return write(bot, asked, {"photo": [{"file_id": demand_file(asked.fields.get("photo"))}]})


def send_document(bot: Bot, asked: Asked) -> Content:
    return write(bot, asked, {"document": {"file_id": demand_file(asked.fields.get("document"))}})


def write(bot: Bot, asked: Asked, content: Content) -> Content:
    if caption := asked.fields.get("caption"):
        content["caption"] = str(caption)
    message = bot.write(demand_chat(asked), {**content, **markup_in(asked)})
    asked.effect = True
    return message


def edit_text(bot: Bot, asked: Asked) -> Content:
    return edit(bot, asked, {"text": demand_text(asked), **markup_in(asked)})


def edit_markup(bot: Bot, asked: Asked) -> Content:
    return edit(bot, asked, markup_in(asked))


def edit(bot: Bot, asked: Asked, changes: Content) -> Content:
    message_id = id_in(asked.fields.get("message_id"))
    if message_id is None:
        raise Refused(400, "Bad Request: message identifier is not specified")
    message = bot.edit(demand_chat(asked), message_id, changes)
    asked.effect = True
    return message


def delete(bot: Bot, asked: Asked) -> bool:
    message_id = id_in(asked.fields.get("message_id"))
    if message_id is None:
        raise Refused(400, "Bad Request: message identifier is not specified")
    bot.delete(demand_chat(asked), message_id)
    asked.effect = True
    return True


def answer_query(bot: Bot, asked: Asked) -> bool:
    if asked.fields.get("callback_query_id") not in bot.queries:
        raise Refused(
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        )
    asked.effect = True
    return True


def set_webhook(bot: Bot, asked: Asked) -> bool:
    url = str(asked.fields.get("url") or "")
    if url and urlsplit(url).hostname is None:
        raise Refused(400, "Bad Request: bad webhook: invalid webhook URL specified")
    allowed = asked.fields.get("allowed_updates")
    asked.effect = True
    bot.hook = Hook(url, asked.fields.get("secret_token"), tuple(allowed or ()))
    return True


def demand_chat(asked: Asked) -> int:
    chat_id = chat_in(asked.fields.get("chat_id"))
    if chat_id is None:
        raise Refused(400, "Bad Request: chat_id is empty")
    return chat_id


def demand_text(asked: Asked) -> str:
    text = str(asked.fields.get("text") or "").strip()
    if not text:
        raise Refused(400, "Bad Request: message text is empty")
    if len(text) > LONGEST_TEXT:
        raise Refused(400, "Bad Request: message is too long")
    return text


def demand_file(value: Any) -> str:
    file_id = file_in(value)
    if file_id is None or file_id.startswith("gone"):
        raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    return file_id


def markup_in(asked: Asked) -> Content:
    """`reply_markup`, if there is one. Raises Refused for a button with too much behind it."""
    markup = asked.fields.get("reply_markup")
    if markup is None:
        return {}
    for row in at(markup, "inline_keyboard") or []:
        for button in row:
            if len(str(button.get("callback_data", "")).encode()) > 64:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return {"reply_markup": markup}


METHODS: dict[str, tuple[str, Method]] = {
    "getMe": ("get_me", lambda bot, asked: bot.told()),
    "sendMessage": ("send_message", send_message),
    "sendPhoto": ("send_photo", send_photo),
    "sendDocument": ("send_document", send_document),
    "editMessageText": ("edit_message_text", edit_text),
    "editMessageReplyMarkup": ("edit_message_reply_markup", edit_markup),
    "deleteMessage": ("delete_message", delete),
    "answerCallbackQuery": ("answer_callback_query", answer_query),
    "setWebhook": ("set_webhook", set_webhook),
}
