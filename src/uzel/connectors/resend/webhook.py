"""What Resend posts: what became of an e-mail, who must not get any, who wrote to us
(resend.com/docs/webhooks).

One event a request, `{"type", "created_at", "data"}`. At least once and in no order; the same event
keeps its `svix-id`. `created_at` at the root is the event's time, that in `data` the e-mail's.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from uzel.connector import BodyKind, Element, Received, Webhook
from uzel.connectors.resend.client import REFERENCE, TAG
from uzel.connectors.resend.codes import EVENTS, event
from uzel.connectors.resend.config import ResendConfig, bare, is_address
from uzel.connectors.resend.signature import check, message_id, signing_key
from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.kit.body import at, id_of, read_json, text_of, utc_of
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut
from uzel.model.receipt import Receipt

# Never for us, but worth a name in the list of events.
OTHERS = frozenset(
    {
        *("contact.created", "contact.updated", "contact.deleted"),
        *("domain.created", "domain.updated", "domain.deleted"),
    }
)
# What is known of a bounce, for people; the provider's own text may hold the address.
BOUNCES: Mapping[str, str] = {
    "MailboxFull": "ящик получателя переполнен",
    "MessageTooLarge": "письмо слишком большое",
    "ContentRejected": "серверу получателя не понравилось содержание",
    "AttachmentRejected": "серверу получателя не понравилось вложение",
    "Suppressed": "адрес в стоп-листе Resend",
}
# Why an address is on the list: their word → that of OptOut.
ORIGINS: Mapping[str, str] = {
    "bounce": "bounce",
    "complaint": "complaint",
    "manual": "user_stopped",
}


def verify(received: Received, config: ResendConfig) -> None:
    """Raises SignatureInvalid unless the signature proves that the sender knows the secret."""
    if config.webhook_secret is None:
        raise SignatureInvalid("no webhook_secret is configured, so no event can be trusted")
    key = signing_key(config.webhook_secret.get_secret_value())
    check(received.headers, received.body, key, received.received_at)


def parse(received: Received, config: ResendConfig) -> list[Element]:
    """One element: Resend sends one event a request. Raises PayloadInvalid."""
    body = read_json(received.body)
    if not isinstance(body, dict):
        raise PayloadInvalid("Resend sends an object")
    kind = text_of(body.get("type")) or ""
    element = reader(kind)(kind, at(body, "data"))
    key = message_id(received.headers) if element.reason is None else None
    return [replace(element, key=key, occurred_at=utc_of(body.get("created_at")))]


def reader(kind: str) -> Callable[[str, Any], Element]:
    """Who reads the data of such an event."""
    if kind.removeprefix("email.") in EVENTS and kind.startswith("email."):
        return receipt
    by_kind = {
        "email.received": inbound,
        "suppression.added": opt_out,
        "suppression.removed": opt_out,
    }
    return by_kind.get(kind, of_no_use)


def receipt(kind: str, data: Any) -> Element:
    """What became of an e-mail. There is one recipient in each, so it needs no name."""
    email_id = id_of(at(data, "email_id"))
    if email_id is None:
        return Element("receipt.updated", reason="malformed")
    word = kind.removeprefix("email.")
    state, detail = event(word)
    why = suppress(word, data)
    return Element(
        type="receipt.updated",
        subject=f"письмо {email_id}",
        data=Receipt(
            reference=email_id,
            state=state,
            code=word,
            detail=explained(word, data) or detail,
            ours=ours(at(data, "tags")),
            suppress=why,
            unreachable=True if why == "bounce" else None,
        ),
    )


def explained(word: str, data: Any) -> str | None:
    """More of the reason than the word alone says."""
    if word == "bounced":
        known = BOUNCES.get(text_of(at(data, "bounce", "subType")) or "")
        return f"не доставлено: {known}" if known else None
    if word == "failed" and "quota" in (text_of(at(data, "failed", "reason")) or ""):
        return "не отправлено: исчерпана квота Resend"
    return None


def suppress(word: str, data: Any) -> str | None:
    """Why the address must not be written to again. Only a permanent bounce is a reason: the
    others (`Transient`, `Temporary`, `Undetermined`; none in events before 2024) may pass.
    """
    if word == "complained":
        return "complaint"
    if word == "suppressed":
        after_complaint = "complaint" in (text_of(at(data, "suppressed", "reason")) or "")
        return "complaint" if after_complaint else "bounce"
    permanent = word == "bounced" and at(data, "bounce", "type") == "Permanent"
    return "bounce" if permanent else None


def ours(tags: Any) -> str | None:
    """Our reference. Events have tags as an object, the API's answers as a list of pairs."""
    if isinstance(tags, list):
        tags = {name: at(tag, "value") for tag in tags if (name := text_of(at(tag, "name")))}
    value = at(tags, TAG)
    return value if isinstance(value, str) and REFERENCE.fullmatch(value) else None


def opt_out(kind: str, data: Any) -> Element:
    """Somebody on, or off, the suppression list of the account."""
    stopped = kind == "suppression.added"
    type_ = "recipient.stopped" if stopped else "recipient.resumed"
    address = text_of(at(data, "email"))
    why = ORIGINS.get(text_of(at(data, "origin")) or "")
    if address is None or not is_address(address) or why is None:
        return Element(type_, reason="malformed")
    return Element(type_, subject="стоп-лист Resend", data=OptOut(address, stopped, why))


def inbound(kind: str, data: Any) -> Element:
    """Somebody wrote. The event brings no text of the e-mail, only its subject, so an answer is
    understood (`СТОП`) if it stands there.
    """
    sender = bare(text_of(at(data, "from")) or "")
    text = text_of(at(data, "text")) or text_of(at(data, "subject"))
    reference = id_of(at(data, "email_id"))
    if not is_address(sender):
        return Element("message.received", reason="malformed")
    return Element(
        type="message.received",
        subject=f"письмо {reference}" if reference else None,
        data=Inbound("email", sender, text, reference),
    )


def of_no_use(kind: str, data: Any) -> Element:
    return Element(kind if kind in OTHERS else "unknown.received", reason="event_type")


WEBHOOK = Webhook(body=BodyKind.JSON, parse=parse, verify=verify)
