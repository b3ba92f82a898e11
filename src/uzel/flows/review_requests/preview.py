"""A dry run: what would follow from elements now, by the rules and the memory there are. Nothing is
written, nobody is asked for anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from uzel.connections.registry import Active, Registry
from uzel.connector import Element
from uzel.events.event import Decision, Event
from uzel.flows.review_requests import memory
from uzel.flows.review_requests import preview_store as store
from uzel.flows.review_requests.flow import LOOKING, PENDING, must_be_found, visit_of
from uzel.flows.review_requests.judge import REQUEST, SKIP, judge
from uzel.flows.review_requests.settings import Settings
from uzel.flows.review_requests.wish import Wish, contact_of, wish_for
from uzel.kit.database import Connection
from uzel.messages.draft import size_of
from uzel.model.visit import Visit, VisitState

# No event has this number, so it stands in no row.
NO_ID = 0


@dataclass
class Before:
    """What earlier elements of the same payload would have used up: key, visit or contact → the
    position of the element.
    """

    keys: dict[str, int] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    contacts: dict[str, int] = field(default_factory=dict)


async def preview(
    connection: Connection,
    registry: Registry,
    active: Active,
    elements: Sequence[Element],
    url: str,
) -> list[dict[str, Any]]:
    """One object per element, in their order: `decision`, `reason`; for who would be asked `place`,
    `due_at` (None: at once), `not_after`, `ways` with what each would send. A guest who has to be
    asked for at the source is told as `guest_lookup`. For what is known already (`duplicate`,
    `visit_known`, `asked_recently`) `earlier` names the `event` and the `request` that were first,
    or the `element` of this payload, counted from 0.
    """
    before = Before()
    found = []
    for position, element in enumerate(elements):
        seen = await _of(connection, registry, active, element, url, before)
        if element.key is not None and seen["decision"] != SKIP:
            before.keys.setdefault(element.key, position)
        if seen["decision"] in (REQUEST, PENDING):
            visit = visit_in(element)
            before.visits.setdefault(visit.visit, position)
            if seen["decision"] == REQUEST:
                before.contacts.setdefault(name_of(visit), position)
        found.append(seen)
    return found


async def _of(
    connection: Connection,
    registry: Registry,
    active: Active,
    element: Element,
    url: str,
    before: Before,
) -> dict[str, Any]:
    if element.reason is None and element.key is not None:
        if element.key in before.keys:
            return skipped("duplicate", {"element": before.keys[element.key]})
        if (number := await store.used(connection, active.id, element.key)) is not None:
            return skipped("duplicate", {"event": number})
    visit = element.data
    if (
        element.reason is not None
        or not isinstance(visit, Visit)
        or visit.state is not VisitState.COMPLETED
    ):
        judged = judge(element)
        return {"decision": judged.decision, "reason": judged.reason}
    event = Event(NO_ID, active, element, datetime.now(UTC), "dry-run")
    if must_be_found(event):
        known = await _known(connection, event, before)
        return known or {"decision": PENDING, "reason": LOOKING}
    wish = await _wish(connection, registry, event, url)
    if isinstance(wish, Decision):
        return {"decision": wish.decision, "reason": wish.reason}
    known = await _known(connection, event, before) or await _asked(connection, wish, before)
    return known or {"decision": REQUEST, "reason": None, **_shown(registry, wish)}


async def _wish(
    connection: Connection, registry: Registry, event: Event, url: str
) -> Wish | Decision:
    """What the rules and the stop-list leave of it."""
    business_id, visit = event.connection.business_id, visit_of(event)
    phone, _, email = contact_of(visit)
    businesses = await Settings().of(connection, [business_id])
    contacts = [(business_id, [c for c in (phone, email) if c])]
    known = await memory.known(connection, businesses, contacts, [NO_ID])
    return wish_for(registry, event, visit, businesses[business_id], known, url)


async def _known(connection: Connection, event: Event, before: Before) -> dict[str, Any] | None:
    """The same look as claiming the visit; None if it is free."""
    visit = visit_of(event)
    if visit.visit in before.visits:
        return skipped("visit_known", {"element": before.visits[visit.visit]})
    occurred_at = event.element.occurred_at or event.received_at
    row = await store.known(connection, event.connection.id, visit.visit, visit.part, occurred_at)
    return skipped("visit_known", {"request": row["id"], "event": row["event_id"]}) if row else None


async def _asked(connection: Connection, wish: Wish, before: Before) -> dict[str, Any] | None:
    """The same look as taking the guest's turn; None if the guest may be asked."""
    if wish.contact in before.contacts:
        return skipped("asked_recently", {"element": before.contacts[wish.contact]})
    row = await store.asked(connection, wish.business.id, wish.contact)
    if row is None:
        return None
    return skipped(
        "asked_recently",
        {"request": row["request_id"], "event": row["event_id"], "asked_at": row["asked_at"]},
    )


def skipped(reason: str, earlier: dict[str, Any]) -> dict[str, Any]:
    """What was here first keeps this from being asked about."""
    return {"decision": SKIP, "reason": reason, "earlier": earlier}


def visit_in(element: Element) -> Visit:
    """The visit of an element that leads to a request."""
    assert isinstance(element.data, Visit)
    return element.data


def name_of(visit: Visit) -> str:
    """What its guest is known by."""
    phone, _, email = contact_of(visit)
    return phone or email or ""


def _shown(registry: Registry, wish: Wish) -> dict[str, Any]:
    """Where, when and what."""
    ways = []
    for letter in wish.route.letters:
        via = registry.get(letter.connection_id)
        ways.append(
            {
                "channel": letter.channel,
                "via": via.title if via else None,
                "to": letter.address,
                "text": letter.body,
                "parts": size_of(letter)[1],
                "estimate_minor": letter.estimate_minor,
                "wait_s": letter.wait_s,
            }
        )
    return {
        "place": wish.place.name,
        "due_at": wish.due_at,
        "not_after": wish.not_after,
        "ways": ways,
        "closed": [
            {"channel": way.channel, "reason": way.closed}
            for way in wish.route.ways
            if way.closed is not None
        ],
    }
