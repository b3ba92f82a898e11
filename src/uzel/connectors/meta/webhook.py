"""What Meta posts about a WhatsApp number (Meta, "Webhooks", 2026-09).

`entry[]`, in each `changes[]`, in each `statuses[]` or `messages[]`: all plural, up to a thousand
updates a post, repeated for days until the answer is 200, in no promised order. A status may come
without `contacts`, a message without the phone of who wrote it: people may hide theirs.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from uzel.connector import BodyKind, Element, Received, Webhook
from uzel.connectors.meta.codes import GraphError
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.notices import FIELDS, notice
from uzel.connectors.meta.values import moment, second
from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.kit.body import at, object_at, read_json, storable, text_of
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut
from uzel.model.receipt import Receipt, ReceiptState

OBJECT = "whatsapp_business_account"
LONGEST_INBOUND = 4096
MOST_QUERY_FIELDS = 20

CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,64}")
# Long enough that damage cannot pass for one; real ids are `wamid.` and some fifty characters.
WAMID = re.compile(r"[0-9A-Za-z_.+/=-]{8,250}")
WA_ID = re.compile(r"[1-9][0-9]{6,14}")
REFERENCE = re.compile(r"[!-~]{1,64}")

STATES: Mapping[str, tuple[ReceiptState, str]] = {
    "sent": (ReceiptState.PENDING, "отправлено, но ещё не доставлено"),
    "delivered": (ReceiptState.DELIVERED, "доставлено"),
    "read": (ReceiptState.READ, "прочитано"),
    "played": (ReceiptState.READ, "прослушано"),
    "failed": (ReceiptState.FAILED, "не доставлено, причина не названа"),
}
# What a person sends us. The others (`system`, `request_welcome`, …) are about a person.
SPOKEN = frozenset(
    {
        *("text", "button", "interactive", "image", "video", "audio", "voice", "document"),
        *("sticker", "location", "contacts", "order", "reaction", "unsupported"),
    }
)
# Where the words of a message stand, the likelier place first.
WORDS = (
    ("text", "body"),
    ("button", "text"),
    ("button", "payload"),
    ("interactive", "button_reply", "title"),
    ("interactive", "list_reply", "title"),
    ("interactive", "button_reply", "id"),
    ("interactive", "list_reply", "id"),
    ("image", "caption"),
    ("video", "caption"),
    ("document", "caption"),
)


def challenge(query: str, config: MetaConfig) -> bytes:
    """The bare `hub.challenge` for who knows the verify token; raises SignatureInvalid. Only what
    looks like a number or a short token is echoed, never a piece of a page.
    """
    try:
        asked = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_QUERY_FIELDS))
    except ValueError as error:
        raise SignatureInvalid("the query has too many fields") from error
    if config.verify_token is None:
        raise SignatureInvalid("no verify token is configured, so no address can be confirmed")
    known, claimed = config.verify_token.get_secret_value(), asked.get("hub.verify_token", "")
    if not hmac.compare_digest(to_bytes(known), to_bytes(claimed)):
        raise SignatureInvalid("the verify token does not match")
    echo = asked.get("hub.challenge", "")
    if asked.get("hub.mode") != "subscribe" or not CHALLENGE.fullmatch(echo):
        raise SignatureInvalid("this is no request for a subscription")
    return echo.encode()


def verify(received: Received, config: MetaConfig) -> None:
    """Raises SignatureInvalid unless the sender knows the app's secret."""
    if config.app_secret is None:
        raise SignatureInvalid("no app secret is configured, so nothing from Meta can be trusted")
    claimed = received.headers.get("x-hub-signature-256", "")
    expected = signature(config.app_secret.get_secret_value(), received.body)
    if not hmac.compare_digest(to_bytes(expected), to_bytes(claimed.lower())):
        raise SignatureInvalid("the signature is missing or does not match")


def signature(app_secret: str, body: bytes) -> str:
    """What `X-Hub-Signature-256` must be for these very bytes."""
    return f"sha256={hmac.new(to_bytes(app_secret), body, sha256).hexdigest()}"


def parse(received: Received, config: MetaConfig) -> list[Element]:
    """One element per status, message, preference or notice. Raises PayloadInvalid."""
    body = read_json(received.body)
    entries = at(body, "entry")
    if not isinstance(entries, list):
        raise PayloadInvalid("Meta sends an object with entry[], this is none")
    if at(body, "object") != OBJECT:
        return [Element("unknown.received", reason="event_type")]
    return [element for entry in entries for element in of_entry(entry, config)]


def of_entry(entry: Any, config: MetaConfig) -> Iterator[Element]:
    changes = at(entry, "changes")
    if not isinstance(changes, list):
        yield Element("unknown.received", reason="element_invalid")
        return
    for change in changes:
        value = object_at(change, "value")
        if value is None:
            yield Element("unknown.received", reason="element_invalid")
        else:
            yield from of_change(text_of(at(change, "field")) or "", value, entry, config)


def of_change(
    field: str, value: Mapping[str, Any], entry: Mapping[str, Any], config: MetaConfig
) -> Iterator[Element]:
    if field in FIELDS:
        yield notice(field, value, moment(entry.get("time")))
        return
    found = {"messages": of_messages, "user_preferences": of_preferences}.get(field)
    if found is None:
        yield Element("unknown.received", subject=field or None, reason="event_type")
        return
    # `uzel explain` reads a payload without any settings: then every number is ours.
    number = getattr(config, "phone_number_id", None)
    ours = number in (None, at(value, "metadata", "phone_number_id"))
    for element in found(value):
        yield element if ours else replace(element, key=None, data=None, reason="other_number")


def of_messages(value: Mapping[str, Any]) -> list[Element]:
    """Statuses, messages, and errors that belong to none of them."""
    elements = [
        *map(status, listed(value, "statuses")),
        *map(message, listed(value, "messages")),
        *map(trouble, listed(value, "errors")),
    ]
    return elements or [Element("unknown.received", reason="event_type")]


def of_preferences(value: Mapping[str, Any]) -> list[Element]:
    elements = [preference(entry) for entry in listed(value, "user_preferences")]
    return elements or [Element("unknown.received", reason="event_type")]


def status(entry: Any) -> Element:
    """What became of a message of ours."""
    wamid, occurred_at = id_at(entry, "id"), moment(at(entry, "timestamp"))
    word = text_of(at(entry, "status"))
    if wamid is None or occurred_at is None or word is None:
        return Element("receipt.updated", occurred_at=occurred_at, reason="malformed")
    element = Element("receipt.updated", subject=f"WhatsApp {wamid}", occurred_at=occurred_at)
    if word not in STATES:
        return replace(element, reason="receipt_unknown")
    return replace(
        element,
        key=f"{wamid}:{word}:{second(occurred_at)}",
        data=receipt(wamid, word, entry),
    )


def receipt(wamid: str, word: str, entry: Mapping[str, Any]) -> Receipt:
    state, detail = STATES[word]
    ours = entry.get("biz_opaque_callback_data")
    reference = ours if isinstance(ours, str) and REFERENCE.fullmatch(ours) else None
    told = Receipt(reference=wamid, state=state, code=word, detail=detail, ours=reference)
    found = map(GraphError.of, listed(entry, "errors")) if state is ReceiptState.FAILED else ()
    error = next((error for error in found if error is not None), None)
    if error is None:
        return told
    return replace(
        told,
        code=str(error.code),
        detail=error.explained,
        suppress=error.stops,
        unreachable=error.unreachable or None,
    )


def message(entry: Any) -> Element:
    """What somebody wrote to us, whatever it is made of."""
    occurred_at = moment(at(entry, "timestamp"))
    element = Element("message.received", occurred_at=occurred_at)
    wamid, sender = id_at(entry, "id"), wa_id_at(entry, "from")
    if wamid is None or occurred_at is None:
        return replace(element, reason="malformed")
    kind = text_of(at(entry, "type"))
    if kind not in SPOKEN or at(entry, "system") is not None or at(entry, "group_id") is not None:
        about = text_of(at(entry, "system", "type")) or kind
        return replace(element, type="contact.updated", subject=about, reason="event_type")
    if sender is None:
        hidden = text_of(at(entry, "from_user_id")) is not None
        return replace(element, reason="sender_hidden" if hidden else "malformed")
    return replace(
        element,
        key=wamid,
        subject="сообщение в WhatsApp",
        data=Inbound(channel="whatsapp", sender=sender, text=words(entry), reference=wamid),
    )


def words(entry: Mapping[str, Any]) -> str | None:
    """The first words in a message: a text, a button's label or what it stands for, a caption."""
    for path in WORDS:
        found = at(entry, *path)
        text = storable(found).strip()[:LONGEST_INBOUND] if isinstance(found, str) else ""
        if text:
            return text
    return None


def preference(entry: Any) -> Element:
    """Somebody stopped or resumed our marketing in WhatsApp's own settings. A stop of anything
    counts, a resumption only of marketing; a sign-up by a link is left to people.
    """
    occurred_at = moment(at(entry, "timestamp"))
    value, address = text_of(at(entry, "value")), wa_id_at(entry, "wa_id")
    stopped = value == "stop"
    kind = "recipient.stopped" if stopped else "recipient.resumed"
    element = Element(kind, occurred_at=occurred_at)
    if not stopped and (value != "resume" or at(entry, "category") != "marketing_messages"):
        return replace(element, type="preference.updated", subject=value, reason="event_type")
    if occurred_at is None:
        return replace(element, reason="malformed")
    if address is None:
        hidden = text_of(at(entry, "user_id")) is not None
        return replace(element, reason="sender_hidden" if hidden else "malformed")
    return replace(
        element,
        key=f"preference:{address}:{value}:{second(occurred_at)}",
        subject="отказ от рекламы в WhatsApp" if stopped else "согласие на рекламу в WhatsApp",
        data=OptOut(address=address, stopped=stopped, why="user_stopped"),
    )


def trouble(entry: Any) -> Element:
    """An error that Meta tells about the number rather than about a message."""
    error = GraphError.of(entry)
    if error is None:
        return Element("number.failed", reason="malformed")
    return Element("number.failed", subject=error.explained)


def listed(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def id_at(entry: Any, name: str) -> str | None:
    found = at(entry, name)
    return found if isinstance(found, str) and WAMID.fullmatch(found) else None


def wa_id_at(entry: Any, name: str) -> str | None:
    """A phone as WhatsApp writes it: digits with the country code, no plus."""
    found = at(entry, name)
    return found if isinstance(found, str) and WA_ID.fullmatch(found) else None


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


WEBHOOK = Webhook(body=BodyKind.JSON, parse=parse, verify=verify, challenge=challenge)
