"""What Telegram posts: one Update a request (core.telegram.org/bots/api, "Update", "Message",
"CallbackQuery", "setWebhook").

Posted again, with growing pauses, until the answer is 2xx, so an update may come several times; its
`update_id` stays. Nothing is signed, but each request carries the secret that we gave with our
address.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from uzel.connector import BodyKind, Element, Received, Webhook
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.values import LONGEST_TEXT, chat_in, file_in, id_in
from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.kit.body import at, object_at, phone_of, read_json, storable, text_of, utc_of_epoch
from uzel.kit.redacted import Masker, Redacted, redacted_json
from uzel.model.chat import ChatFile, ChatSaid

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name
SAID = "chat.said"
LONGEST_DATA = 64
LONGEST_QUERY_ID = 64

# Names of ids, some of them long numbers in a text, and of what is ours.
SPARED = frozenset(
    {
        *("id", "file_id", "file_unique_id", "media_group_id", "chat_instance", "data"),
        *("inline_message_id", "phone_number", "custom_emoji_id", "username"),
    }
)
# Where a person's own words stand, see `text_in`.
TYPED = frozenset({("message", "text"), ("message", "caption")})

Object = Mapping[str, Any]


def verify(received: Received, config: TelegramConfig) -> None:
    """Raises SignatureInvalid unless the sender knows the secret that `register` gave."""
    if config.webhook_secret is None:
        raise SignatureInvalid("no webhook_secret is configured, so no update can be trusted")
    claimed = received.headers.get(SECRET_HEADER, "")
    known = config.webhook_secret.get_secret_value()
    if not hmac.compare_digest(to_bytes(claimed), to_bytes(known)):
        raise SignatureInvalid("the secret of the webhook is missing or another one")


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def parse(received: Received, config: TelegramConfig) -> list[Element]:
    """One element: Telegram posts one update a request. Raises PayloadInvalid."""
    update = read_json(received.body)
    if not isinstance(update, dict):
        raise PayloadInvalid("Telegram posts an object, this is none")
    if (message := object_at(update, "message")) is not None:
        return [said(update, message)]
    if (query := object_at(update, "callback_query")) is not None:
        return [pressed(update, query)]
    return [Element("unknown.received", reason="update_kind")]


def said(update: Object, message: Object) -> Element:
    """Somebody's message: text, photo, document or contact; all others are of no use here."""
    occurred_at = utc_of_epoch(message.get("date"))
    text, files = text_in(message), files_in(message)
    contact = object_at(message, "contact")
    if text is None and not files and contact is None:
        return Element(SAID, reason="update_kind", occurred_at=occurred_at)
    common = common_of(update, message, message)
    if isinstance(common, str):
        return Element(SAID, reason=common, occurred_at=occurred_at)
    phone = phone_of(at(contact, "phone_number"))
    if contact is not None and phone is None:
        return Element(SAID, reason="malformed", occurred_at=occurred_at)
    own = None if contact is None else id_in(contact.get("user_id")) == common["user_id"]
    return Element(
        SAID,
        key=f"update:{common['update_id']}",
        subject=f"сообщение {common['message_id']} в Telegram",
        occurred_at=occurred_at,
        data=ChatSaid(
            **common,
            text=text,
            files=files,
            phone=None if phone is None else str(phone),
            phone_is_own=own,
            reply_to=id_in(at(message, "reply_to_message", "message_id")),
        ),
    )


def pressed(update: Object, query: Object) -> Element:
    """Somebody pressed a button below a message of ours. When is not told: `date` is the message's,
    and zero for an old one (InaccessibleMessage). Without message it is a button of inline mode,
    without data that of a game.
    """
    message, data = object_at(query, "message"), query.get("data")
    if message is None or data is None:
        return Element(SAID, reason="update_kind")
    common = common_of(update, query, message)
    if isinstance(common, str):
        return Element(SAID, reason=common)
    query_id, data = short(query.get("id"), LONGEST_QUERY_ID), short(data, LONGEST_DATA)
    if query_id is None or data is None:
        return Element(SAID, reason="malformed")
    return Element(
        SAID,
        key=f"update:{common['update_id']}",
        subject=f"кнопка под сообщением {common['message_id']} в Telegram",
        data=ChatSaid(**common, callback_id=query_id, callback_data=data),
    )


def common_of(update: Object, by: Object, message: Object) -> dict[str, Any] | str:
    """What every ChatSaid has, or the reason why there is none. `by` holds who did it."""
    person = object_at(by, "from")
    found = {
        "update_id": id_in(update.get("update_id")),
        "chat_id": chat_in(at(message, "chat", "id")),
        "user_id": id_in(at(person, "id")),
        "message_id": id_in(message.get("message_id")),
    }
    if None in found.values():
        return "malformed"
    if at(person, "is_bot") is not False:
        return "from_bot"
    return {**found, "user_name": name_of(person)}


def name_of(person: Object | None) -> str | None:
    """First and last name, else `@name`."""
    names = [text_of(at(person, part)) for part in ("first_name", "last_name")]
    username = text_of(at(person, "username"))
    return text_of(" ".join(filter(None, names))) or (f"@{username}" if username else None)


def text_in(message: Object) -> str | None:
    """The text or the caption, its lines kept."""
    for name in ("text", "caption"):
        if isinstance(value := message.get(name), str):
            return storable(value)[:LONGEST_TEXT].strip() or None
    return None


def files_in(message: Object) -> tuple[ChatFile, ...]:
    """The largest size of a photo ("PhotoSize"), and a document."""
    found = []
    sizes = message.get("photo")
    if isinstance(sizes, list):
        known = [size for size in sizes if file_in(at(size, "file_id"))]
        if known:
            found.append(ChatFile(max(known, key=area_of)["file_id"], "photo"))
    if (file_id := file_in(at(message, "document", "file_id"))) is not None:
        found.append(ChatFile(file_id, "document"))
    return tuple(found)


def area_of(size: Object) -> int:
    return (id_in(size.get("width")) or 0) * (id_in(size.get("height")) or 0)


def short(value: Any, longest: int) -> str | None:
    """A text that is whole: what would have to be cut or cleaned is none of ours."""
    if not isinstance(value, str) or not value or storable(value) != value:
        return None
    return value if len(value.encode()) <= longest else None


def redact(body: bytes) -> Redacted:
    """People type numbers of cards into chats, with slips of the finger, too. They are masked
    wherever somebody's words stand; those of the message itself are kept, for whoever asked for a
    card.
    """
    return redacted_json(body, Masker(spared=SPARED, slips=True), lambda path: path in TYPED)


WEBHOOK = Webhook(body=BodyKind.JSON, parse=parse, verify=verify, redact=redact)
