"""What the payments service posts, `{"action_name", "payload"}` (a diagram of it, 2025-10).

Payments and contractors share names of actions and differ by the fields of their payload. In the
diagram's own example the action says `created` and the status `executed`; the payload counts.
Nothing is signed: whatever is said here is a reason to ask, and no more.
"""

from collections.abc import Mapping
from typing import Any

from uzel.connector import BodyKind, Config, Element, Received, Webhook
from uzel.connectors.konsol.api import entity_name
from uzel.connectors.konsol.contractors import KINDS
from uzel.connectors.konsol.statuses import word_of
from uzel.errors import PayloadInvalid
from uzel.kit.body import object_at, read_json, utc_of
from uzel.kit.redacted import Masker, Redacted, redacted_json
from uzel.model.payout_hint import PayoutHint

PAYMENT_FIELDS = ("amount", "contractor_id", "requisites", "paid_at")


def parse(received: Received, config: Config) -> list[Element]:
    """One element: one callback a request. Raises PayloadInvalid."""
    body = read_json(received.body)
    if not isinstance(body, dict):
        raise PayloadInvalid("Konsol posts an object, this is none")
    payload = object_at(body, "payload")
    if payload is None:
        return [Element("unknown.received", reason="event_type")]
    is_payment = any(name in payload for name in PAYMENT_FIELDS)
    if not is_payment and payload.get("kind") in KINDS:
        return [Element("contractor.told", reason="contractor_event")]
    return [payment(payload) if is_payment else Element("unknown.received", reason="event_type")]


def payment(payload: Mapping[str, Any]) -> Element:
    """A payment has moved on, they say. Without a key: who repeats a hint has us ask once more."""
    payment_id = entity_name(dict(payload))
    if payment_id is None:
        return Element("payout.told", reason="payment_id_missing")
    return Element(
        "payout.told",
        subject=payment_id,
        occurred_at=utc_of(payload.get("paid_at")),
        data=PayoutHint(payment_id, word_of(payload.get("status"))),
    )


def redact(body: bytes) -> Redacted:
    """Their diagram has whole requisites in callbacks. Whatever passes for a card's number is
    masked, wherever it stands, and nobody needs it: it is only a hint.
    """
    return redacted_json(body, Masker(numbers=True, loose=True))


WEBHOOK = Webhook(body=BodyKind.JSON, parse=parse, redact=redact)
