"""What we know already: of the people concerned, and of visits whose guest was looked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.connections.registry import Registry
from uzel.connector import Element
from uzel.events.event import Event
from uzel.flows.review_requests import store
from uzel.flows.review_requests.settings import Business
from uzel.flows.review_requests.wish import Known
from uzel.kit.database import Connection
from uzel.messages import route_store, stop_store
from uzel.messages.stop_list import BOUNCE
from uzel.model.rules import Guests
from uzel.model.visit import Visit, VisitState


async def known(
    connection: Connection,
    businesses: Mapping[int, Business],
    contacts: Sequence[tuple[int, Sequence[str]]],
    event_ids: Sequence[int],
) -> Known:
    """What counts for these people ((business, their addresses)). Asks only what the rules of their
    businesses make matter.
    """
    pairs = sorted({(business, c) for business, found in contacts for c in found})
    if not pairs:
        return Known()
    stopped = await stop_store.listed_pairs(connection, pairs)
    every = [rules for b in businesses.values() for rules in rules_of(b)]
    addresses = sorted({address for _, address in pairs})
    consented: dict[tuple[int, str], str] = {}
    if any(rules.require_consent for rules in every):
        consented = await store.consents(connection, pairs)
    been_here: set[tuple[int, str]] = set()
    if any(rules.guests is not Guests.ALL for rules in every):
        been_here = await store.been_here(connection, pairs, event_ids)
    unreachable: set[tuple[str, str]] = set()
    windows: set[tuple[int, str]] = set()
    if any(text.channel == "whatsapp" for b in businesses.values() for text in b.texts):
        unreachable = await route_store.unreachable(connection, addresses)
        windows = await route_store.open_windows(connection, addresses)
    return Known(
        frozenset(pair for pair, reason in stopped.items() if reason != BOUNCE),
        consented,
        frozenset(unreachable),
        frozenset(windows),
        frozenset(been_here),
        frozenset(pair for pair, reason in stopped.items() if reason == BOUNCE),
    )


def rules_of(business: Business) -> list[Any]:
    """The rules that can hold anywhere in a business."""
    return [business.rules, *(place.rules for place in business.places.values())]


def event_of(row: Any, registry: Registry) -> Event | None:
    """The event of a row of store.lookups; None where its connection is gone."""
    active = registry.get(row["connection_id"])
    if active is None:
        return None
    data = {**row["data"], "state": VisitState(row["data"]["state"])}
    element = Element(
        row["type"],
        row["key"],
        row["subject"],
        row["occurred_at"],
        data=Visit(**data),
    )
    return Event(row["id"], active, element, row["received_at"], f"raw-{row['raw_event_id']}")
