"""What Exolve posts to the address of an application: one flat JSON object an event.

Of an incoming text the fields direction, billing_status, sender and text are known (the official
example sms-survey): several events are posted about each, and the one that says BILLED counts. That
message_id and date stand there too, and that changes of an outgoing message come in the same form
with its delivery_status, follows from GetList's fields and was never seen; all of it is optional
here. Nothing is signed: only the key in the address tells who posts, so a status is a hint.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from uzel.connector import BodyKind, Config, Element, Received, Webhook
from uzel.connectors.exolve.answers import message_id_of
from uzel.connectors.exolve.states import STATES, delivery, word_of
from uzel.errors import PayloadInvalid
from uzel.kit.body import phone_of, read_json, storable, utc_of
from uzel.model.inbound import Inbound
from uzel.model.receipt import Receipt

INCOMING, OUTGOING = "DIRECTION_INCOMING", "DIRECTION_OUTGOING"
BILLED = "BILLING_STATUS_BILLED"
LONGEST_TEXT = 4000
DIGEST_CHARS = 32
# Short numbers of services write too; names (`MTS`) cannot be answered or stopped.
_SENDER = re.compile(r"\+?[0-9]{3,15}")


def parse(received: Received, config: Config) -> list[Element]:
    """One element: Exolve posts one event a request. Raises PayloadInvalid."""
    event = read_json(received.body)
    if not isinstance(event, dict):
        raise PayloadInvalid("Exolve posts an object, this is none")
    direction = event.get("direction")
    if direction == INCOMING:
        return [incoming(event)]
    if direction == OUTGOING:
        return [outgoing(event)]
    return [Element("unknown.received", reason="event_type")]


def incoming(event: Mapping[str, Any]) -> Element:
    """Somebody's text. Its key is the message_id, else who wrote what and when; without either it
    has none and counts each time it comes, since an unheard "stop" is worse than one heard twice.
    """
    message_id, sent_at = message_id_of(event.get("message_id")), utc_of(event.get("date"))
    element = Element(
        "message.received",
        subject=f"SMS {message_id}" if message_id else "входящая SMS",
        occurred_at=sent_at,
    )
    if event.get("billing_status") != BILLED:
        return replace(element, reason="not_billed")
    sender = str(phone_of(event.get("sender")) or "")
    if not _SENDER.fullmatch(sender):
        return replace(element, reason="sender_invalid")
    text = written(event.get("text"))
    known_by = message_id
    if known_by is None and sent_at is not None:
        known_by = f"{digest(f'{sender} {sent_at.isoformat()}')}:{digest(text or '')}"
    return replace(
        element,
        key=f"inbound:{known_by}" if known_by else None,
        data=Inbound("sms", sender, text, message_id),
    )


def digest(text: str) -> str:
    """Of no length that grows, and not to be read."""
    return sha256(text.encode()).hexdigest()[:DIGEST_CHARS]


def outgoing(event: Mapping[str, Any]) -> Element:
    """A message of ours has moved on. A word that nobody knows has no key: the provider is asked
    each time.
    """
    message_id, word = message_id_of(event.get("message_id")), word_of(event.get("delivery_status"))
    if message_id is None:
        return Element("receipt.updated", reason="message_id_missing")
    element = Element("receipt.updated", subject=f"SMS {message_id}")
    if word is None:
        return replace(element, reason="delivery_status_missing")
    state, detail = delivery(word)
    return replace(
        element,
        key=f"{message_id}:{word}" if word in STATES else None,
        data=Receipt(message_id, state, code=word, detail=detail, hint=True),
    )


def written(value: Any) -> str | None:
    """The text of a message, its lines kept."""
    return storable(value).strip()[:LONGEST_TEXT] or None if isinstance(value, str) else None


WEBHOOK = Webhook(body=BodyKind.JSON, parse=parse)
