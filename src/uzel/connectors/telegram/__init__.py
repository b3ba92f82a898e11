"""Telegram: a bot that writes to people and groups, and hears what they say and press."""

from collections.abc import Awaitable, Callable
from datetime import date

from uzel.connector import Answer, Checked, Connector, Operation
from uzel.connectors.telegram import client, files
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.registration import register
from uzel.connectors.telegram.webhook import WEBHOOK

DOCUMENTED = Checked.DOCUMENTATION
CHECKED_ON = date(2026, 11, 21)
# An edit that is repeated later might undo a newer one; a press waits no longer than this either.
EDITS_FOR_S = 600
Run = Callable[..., Awaitable[Answer]]
FILE = ("chat_id", "file_id", "caption", "keyboard", "reply_to")


def read(name: str, run: Run, arguments: tuple[str, ...]) -> Operation:
    """A question, which changes nothing."""
    return Operation(name, run, arguments, DOCUMENTED, CHECKED_ON, repeatable=True)


def change(name: str, run: Run, arguments: tuple[str, ...]) -> Operation:
    """What has the effect of once, however often it is asked for in a while."""
    return Operation(
        name,
        run,
        arguments,
        DOCUMENTED,
        CHECKED_ON,
        repeatable=True,
        repeatable_for_s=EDITS_FOR_S,
    )


OPERATIONS = (
    read("get_me", client.get_me, ()),
    Operation(
        "send_message",
        client.send_message,
        ("chat_id", "text", "keyboard", "reply_to"),
        DOCUMENTED,
        CHECKED_ON,
    ),
    Operation("send_photo", client.send_photo, FILE, DOCUMENTED, CHECKED_ON),
    Operation("send_document", client.send_document, FILE, DOCUMENTED, CHECKED_ON),
    change(
        "edit_message_text",
        client.edit_message_text,
        ("chat_id", "message_id", "text", "keyboard"),
    ),
    change(
        "edit_message_reply_markup",
        client.edit_message_reply_markup,
        ("chat_id", "message_id", "keyboard"),
    ),
    change("delete_message", client.delete_message, ("chat_id", "message_id")),
    change("answer_callback_query", client.answer_callback_query, ("callback_id", "text", "alert")),
    read("get_file", files.get_file, ("file_id",)),
    read("download", files.download, ("file_path", "size_bytes", "most_bytes")),
)

CONNECTOR = Connector(
    name="telegram",
    title="Telegram",
    config=TelegramConfig,
    webhook=WEBHOOK,
    operations={operation.name: operation for operation in OPERATIONS},
    environment={
        "TELEGRAM_BOT_TOKEN": "token",
        "TELEGRAM_WEBHOOK_SECRET": "webhook_secret",
        "TELEGRAM_APPROVERS": "approvers",
    },
    test="get_me",
    # Bots FAQ: about thirty messages a second to different people, twenty a minute to one group.
    rate_per_s=20.0,
    register=register,
)
