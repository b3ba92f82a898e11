"""A dry run: what would follow from elements now, by the rules and the memory there are. Nothing is
written, nobody is asked for anything.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from uzel.connections.registry import Active, Registry
from uzel.connector import Element
from uzel.events.event import Decision, Event
from uzel.flows.review_requests import memory
from uzel.flows.review_requests.flow import must_be_found, visit_of
from uzel.flows.review_requests.judge import REQUEST, judge
from uzel.flows.review_requests.settings import Settings
from uzel.flows.review_requests.wish import Wish, contact_of, wish_for
from uzel.kit.database import Connection
from uzel.messages.draft import size_of
from uzel.model.visit import Visit, VisitState

# No event has this number, so it stands in no row.
NO_ID = 0


async def preview(
    connection: Connection,
    registry: Registry,
    active: Active,
    elements: Sequence[Element],
    url: str,
) -> list[dict[str, Any]]:
    """One object per element, in their order: `decision`, `reason`, and for who would be asked
    `place`, `due_at` (None: at once), `not_after`, `ways` with what each would send. A guest who
    has to be asked for at the source is told as `guest_lookup`; whether the visit was asked about
    before is not looked at.
    """
    return [await _of(connection, registry, active, element, url) for element in elements]


async def _of(
    connection: Connection, registry: Registry, active: Active, element: Element, url: str
) -> dict[str, Any]:
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
        return {"decision": "pending", "reason": "guest_lookup"}
    phone, _, email = contact_of(visit)
    businesses = await Settings().of(connection, [active.business_id])
    contacts = [(active.business_id, [c for c in (phone, email) if c])]
    known = await memory.known(connection, businesses, contacts, [NO_ID])
    wish = wish_for(registry, event, visit_of(event), businesses[active.business_id], known, url)
    if isinstance(wish, Decision):
        return {"decision": wish.decision, "reason": wish.reason}
    return {"decision": REQUEST, "reason": None, **_shown(registry, wish)}


def _shown(registry: Registry, wish: Wish) -> dict[str, Any]:
    """Where, when and what."""
    ways = []
    for letter in wish.letters:
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
    }
