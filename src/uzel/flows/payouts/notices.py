"""What comes to the address for events: a hint to ask the provider, whoever sends it, and no more.

A signature says that we or a program of ours wrote it; even then nothing in it is taken at its
word. What fits no payout is written down and leads to nothing.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.flows.payouts import send
from uzel.flows.payouts.changes import APART
from uzel.flows.payouts.means import Means
from uzel.kit.body import label_of, object_at, read_json, storable, utc_of
from uzel.kit.card_numbers import cut
from uzel.kit.logs import redact_text
from uzel.model.cards import masked as masked_cards
from uzel.payouts import payout_store
from uzel.payouts.payout import ASKED_AFTER, State
from uzel.payouts.programs import door, notice_store, request_store
from uzel.payouts.programs.documented import TELLABLE
from uzel.payouts.programs.signed_json import (
    FIELD,
    canonical,
    read_as_written,
    same,
    signature,
    signature_base64,
)

TOLERANCE = timedelta(seconds=300)
KEPT_FOR, MOST_KEPT = timedelta(days=30), 100_000
LONGEST_KEPT = 4000
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """One as it was understood. `payment`: what it calls the payout."""

    kind: str
    event: str | None
    payment: str | None
    signature: str = "none"
    connection_id: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: its body, and the headers of Standard Webhooks, empty where it has none."""

    body: bytes
    id: str = ""
    timestamp: str = ""
    signature: str = ""

    def signed(self) -> bytes:
        return f"{self.id}.{self.timestamp}.".encode() + self.body


async def heard(means: Means, sent: Sent) -> str:
    """Write it down and do what follows; returns the outcome:

        asked            the provider is asked
        not_needed       its payout has ended, or was asked after just now
        payout_unknown   no payout of ours
        repeated         the same came before
        event_unknown    neither an event that is documented nor a callback

    Raises PayloadInvalid for what is no JSON object, SignatureInvalid for a signature that is
    wrong or too old; that is written down, too.
    """
    content = read_json(sent.body)
    if not isinstance(content, dict):
        raise PayloadInvalid("the body is not an object")
    notice = await checked(means, understood(content), content, sent)
    if notice.signature == "bad":
        await write(means, notice, None, "bad_signature", content)
        raise SignatureInvalid("the signature does not fit, or is too old")
    if notice.kind == "other":
        await write(means, notice, None, "event_unknown", content)
        return "event_unknown"
    row = None
    if notice.payment is not None:
        row = await request_store.find(means.pool, notice.payment, notice.connection_id)
    outcome = "payout_unknown" if row is None else what_follows(row)
    if not await write(means, notice, row, outcome, content):
        return "repeated"
    if outcome == "asked" and not await ask(means, row):
        return "not_needed"
    return outcome


def understood(content: Mapping[str, Any]) -> Notice:
    """A documented event, a callback of the provider's, or neither."""
    event = label_of(content.get("event"))
    if event in TELLABLE:
        data = object_at(content, "data") or {}
        return Notice("event", event, name_of(data.get("id")))
    payload = object_at(content, "payload")
    if payload is not None and "action_name" in content:
        return Notice("callback", label_of(content["action_name"]), name_of(payload.get("id")))
    return Notice("other", event, None)


def name_of(value: Any) -> str | None:
    found = label_of(value)
    return found[:LONGEST_NAME] if found else None


async def checked(means: Means, notice: Notice, content: Mapping[str, Any], sent: Sent) -> Notice:
    """With what its signature says, in the headers or within; a callback of the provider's has
    none.
    """
    within = content.get(FIELD)
    if notice.kind != "event" or (within in (None, "") and not sent.signature):
        return notice
    if sent.signature:
        at, signed = epoch(sent.timestamp), sent.signed()
        given = [it.removeprefix("v1,") for it in sent.signature.split() if it.startswith("v1,")]
    else:
        at, signed = utc_of(content.get("timestamp")), canonical_of(sent.body)
        given = [str(within)]
    print_of = signature_base64 if sent.signature else signature
    known = await door.keys(means.pool, means.ring)
    good = [number for number, key in known for it in given if same(print_of(key, signed), it)]
    is_now = at is not None and abs(datetime.now(UTC) - at) <= TOLERANCE
    if not good or not is_now:
        return replace(notice, signature="bad")
    return replace(notice, signature="good", connection_id=good[0])


def canonical_of(body: bytes) -> bytes:
    return canonical(read_as_written(body))


def epoch(text: str) -> datetime | None:
    """Seconds since 1970."""
    is_time = text.isascii() and text.isdigit() and len(text) <= 11
    return datetime.fromtimestamp(int(text), UTC) if is_time else None


def what_follows(row: Any) -> str:
    is_open = State(row["state"]) in ASKED_AFTER or row["state"] == State.PAID
    return "asked" if is_open and row["provider_id"] is not None else "not_needed"


async def ask(means: Means, row: Any) -> bool:
    """Have the provider asked; False: it was, shortly before."""
    async with means.pool.acquire() as connection, connection.transaction():
        if not await request_store.may_ask(connection, row["id"], APART):
            return False
        locked = await payout_store.lock(connection, row["id"])
        await send.ask_after(connection, locked, row["provider_id"], now=True)
    return True


async def write(
    means: Means, notice: Notice, row: Any, outcome: str, content: Mapping[str, Any]
) -> bool:
    """One more line of the log; False: it is there."""
    # As it was understood: what was escaped in it is plain here, and found.
    text = storable(json.dumps(content, ensure_ascii=False, default=str))
    shown = await asyncio.to_thread(shown_of, text)
    number = row["connection_id"] if row is not None else notice.connection_id
    payout_id = row["id"] if row is not None else None
    said = [masked_cards(it) if it else None for it in (notice.event, notice.payment)]
    # Of what is shown: by a digest of the whole the hidden digits could be found, they are few.
    digest = hashlib.sha256(shown.encode(errors="replace")).digest()
    return await notice_store.add(
        means.pool,
        (notice.kind, *said, payout_id, number, notice.signature, outcome, digest, shown),
    )


def shown_of(text: str) -> str:
    """As the log has it."""
    return redact_text(masked_cards(cut(text, LONGEST_KEPT)))[:LONGEST_KEPT]
