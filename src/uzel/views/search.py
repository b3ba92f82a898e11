"""One search box: whatever a person has at hand, found through an index."""

import re
from collections.abc import Iterable
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.views import search_store as store
from uzel.views.leads import find_leads
from uzel.views.partners import find_payments
from uzel.views.rows import Hit
from uzel.views.shops import find_orders

LONGEST = 200
SHORTEST_THING = 4
LARGEST_ID = 2**63 - 1
DIGEST = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
# `event 17`, `call:3`, `raw-17`, `№ 17`, `#17`; the kind is optional.
NUMBERED = re.compile(
    r"(?:(?P<kind>raw[-_ ]event|raw|event|message|call|событие|сообщение|вызов|запрос)\W{0,2})?"
    r"[#№]?\s?(?P<id>[0-9]{1,19})",
    re.IGNORECASE,
)
KINDS = {
    **dict.fromkeys(("event", "событие"), "event"),
    **dict.fromkeys(("message", "сообщение"), "message"),
    **dict.fromkeys(("call", "вызов"), "call"),
    **dict.fromkeys(("raw", "raw_event", "raw-event", "raw event", "запрос"), "raw_event"),
}


async def search(pool: Pool, text: str) -> list[Hit]:
    """What `text` may mean, the likeliest first: a phone in any spelling, an order number, a
    subject, a visit, an event's key, a provider's reference, a digest, a request id, or the id of
    an event, message, call or raw event; a payment, a lead. Some dozens at most, each thing once.
    """
    text = " ".join(text.replace("\0", "").encode("utf-8", "ignore").decode().split())
    if not text or len(text) > LONGEST:
        return []
    found: dict[tuple[str, int], Hit] = {}
    async with pool.acquire() as connection:
        for branch in BRANCHES:
            for hit in await branch(connection, text):
                found.setdefault((hit.kind, hit.id), hit)
    return list(found.values())


async def by_email(connection: Connection, text: str) -> list[Hit]:
    """The newest messages to the address."""
    if "@" not in text:
        return []
    return messages(await store.messages_by_email(connection, text.strip().casefold()))


async def by_phone(connection: Connection, text: str) -> list[Hit]:
    """The newest messages to the phone and events about it."""
    try:
        phone = parse_phone(text).e164
    except PhoneRejected:
        return []
    return [
        *messages(await store.messages_by_phone(connection, phone)),
        *events(await store.events_by_phone(connection, phone)),
    ]


async def by_subject(connection: Connection, text: str) -> list[Hit]:
    """Events about an order with this number, or with this subject."""
    if " " in text:
        return events(await store.events_by_subject(connection, text))
    hits = []
    for label in sorted({text, text.upper(), text.lower()}):
        hits += events(await store.events_by_label(connection, label))
    return hits


async def by_name(connection: Connection, text: str) -> list[Hit]:
    """What the other side, or a key of ours, calls so."""
    if " " in text or len(text) < SHORTEST_THING:
        return []
    return [
        *messages(await store.messages_by_reference(connection, text)),
        *events(await store.events_by_thing(connection, text)),
        *events(await store.events_by_key(connection, text)),
        *calls(await store.calls_by_effect(connection, text)),
        *calls(await store.calls_by_request(connection, text)),
    ]


async def by_number(connection: Connection, text: str) -> list[Hit]:
    """Whatever has this id, or what of the given kind has."""
    match = NUMBERED.fullmatch(text)
    if match is None or int(match["id"]) > LARGEST_ID:
        return []
    kind = KINDS.get((match["kind"] or "").lower())
    hits = []
    for name in (kind,) if kind else ("event", "message", "call", "raw_event"):
        hits += SHOWN[name](await store.by_id(connection, name, int(match["id"])))
    return hits


async def by_digest(connection: Connection, text: str) -> list[Hit]:
    """Raw events by the hex digest their page shows."""
    if not DIGEST.fullmatch(text):
        return []
    return raw_events(await store.raw_events_by_digest(connection, bytes.fromhex(text)))


def events(rows: Iterable[Any]) -> list[Hit]:
    """Title: the subject, else the phone or the type; subtitle: type, phone, decision."""
    return [
        Hit(
            "event",
            row["id"],
            row["subject"] or row["phone"] or row["type"],
            joined(row["type"], row["phone"], row["decision"], row["reason"]),
            row["at"],
        )
        for row in rows
    ]


def messages(rows: Iterable[Any]) -> list[Hit]:
    """Title: the phone; subtitle: state and text."""
    return [
        Hit("message", row["id"], row["address"], joined(row["state"], row["body"]), row["at"])
        for row in rows
    ]


def calls(rows: Iterable[Any]) -> list[Hit]:
    """Title: the operation; subtitle: what for, and its state."""
    return [
        Hit("call", row["id"], row["operation"], joined(row["effect"], row["state"]), row["at"])
        for row in rows
    ]


def raw_events(rows: Iterable[Any]) -> list[Hit]:
    """Title: the request id; subtitle: the sender's address and the state."""
    return [
        Hit(
            "raw_event",
            row["id"],
            f"raw-{row['id']}",
            joined(row["remote_addr"], row["state"]),
            row["at"],
        )
        for row in rows
    ]


BRANCHES = (
    *(
        find_orders,
        find_payments,
        find_leads,
        by_phone,
        by_email,
        by_subject,
        by_name,
        by_number,
        by_digest,
    ),
)
SHOWN = {"event": events, "message": messages, "call": calls, "raw_event": raw_events}


def joined(*parts: str | None) -> str:
    """What there is of the parts."""
    return " · ".join(part for part in parts if part)
