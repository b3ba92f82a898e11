"""From a visit to a request for a review: the rules that need our memory, and the message."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from uzel.calls.closing import Closed
from uzel.calls.outcome import State
from uzel.calls.plan import Plan, plan
from uzel.connections.registry import Registry
from uzel.events import store as events_store
from uzel.events.event import Decision, Event
from uzel.flows.review_requests import memory, store
from uzel.flows.review_requests.judge import CANCEL, REQUEST, SKIP, judge
from uzel.flows.review_requests.settings import Settings
from uzel.flows.review_requests.wish import PURPOSE, Wish, contact_of, wish_for
from uzel.kit.database import Connection
from uzel.messages.draft import Draft
from uzel.messages.send import plan_messages
from uzel.messages.withdraw import cancel_messages
from uzel.model.visit import Visit

PENDING = "pending"
LOOKING = "guest_lookup"


class ReviewRequests:
    """The flow; `registry` tells through which connections a business sends, `url` where the page
    behind the link is.
    """

    def __init__(self, registry: Registry, url: str) -> None:
        self._registry = registry
        self._url = url
        self._settings = Settings()

    async def on_completed(
        self, connection: Connection, events: Sequence[Event]
    ) -> Sequence[Decision]:
        """The flow of `visit.completed`. A visit that came without its guest is asked about at its
        source first; see `on_guests`.
        """
        to_find = [event for event in events if must_be_found(event)]
        known = [(event, visit_of(event)) for event in events if not must_be_found(event)]
        decisions = await self._look_for(connection, to_find) if to_find else []
        if known:
            decisions = [*decisions, *await self._decide(connection, known)]
        return decisions

    async def on_cancelled(
        self, connection: Connection, events: Sequence[Event]
    ) -> Sequence[Decision]:
        """The flow of `visit.cancelled`: what has not gone out is withdrawn."""
        rows: dict[tuple[int, str, str], tuple[Any, ...]] = {}
        for event in sorted(events, key=lambda e: e.element.occurred_at or e.received_at):
            visit, judged = visit_of(event), judge(event.element)
            rows[event.connection.id, visit.visit, visit.part or ""] = (
                event.connection.business_id,
                event.connection.id,
                visit.visit,
                event.id,
                judged.phone,
                judged.reason,
                event.element.occurred_at or event.received_at,
                visit.part,
            )
        ids = await store.cancel_all(connection, [rows[key] for key in sorted(rows)])
        parts = [(r[1], r[7], r[5], r[6]) for _, r in sorted(rows.items()) if r[7] is not None]
        ids += await store.cancel_parts(connection, parts)
        origins = [origin for i in ids for origin in origins_of(i)]
        await cancel_messages(connection, origins, "visit_cancelled")
        await store.free_keys(connection, ids)
        return [Decision(e.id, CANCEL, judge(e.element).reason) for e in events]

    async def on_guests(self, connection: Connection, closed: Sequence[Closed]) -> None:
        """The lookups of some guests ended: go on where `on_completed` stopped; the owner hook of
        calls whose effect is `guest:<event>`. One whose outcome is unknown waits for a person, and
        for `late` at the longest.
        """
        ended = {
            int(item.effect.partition(":")[2]): item.result
            for item in closed
            if item.result.state not in (State.PLANNED, State.UNKNOWN)
        }
        found: list[tuple[Event, Visit]] = []
        decisions: list[Decision] = []
        for row in await store.lookups(connection, sorted(ended)):
            event = memory.event_of(row, self._registry)
            answer = ended[row["id"]].answer
            if row["state"] != "looking":
                decisions.append(Decision(row["id"], SKIP, "visit_cancelled"))
            elif event is None or answer is None:
                decisions.append(Decision(row["id"], SKIP, "guest_not_found"))
            else:
                found.append((event, with_guest(visit_of(event), answer.data)))
        await store.stop_looking(connection, sorted(ended))
        if found:
            decisions += await self._decide(connection, found)
            await store.note_phones(connection, [(e.id, contact_of(v)[0]) for e, v in found])
        if decisions:
            await events_store.decide(
                connection, [(d.event_id, d.decision, d.reason) for d in decisions]
            )

    async def _look_for(self, connection: Connection, events: Sequence[Event]) -> list[Decision]:
        """Plan the questions for guests; each visit is claimed meanwhile."""
        by_visit = {(e.connection.id, visit_of(e).visit): e for e in reversed(events)}
        claimed = await store.claim(
            connection, [looking_row(by_visit[key]) for key in sorted(by_visit)]
        )
        await plan(
            connection,
            [
                Plan(
                    event.connection.id,
                    event.connection.connector.guest or "",
                    {"guest": visit_of(event).guest},
                    f"guest:{event.id}",
                    event.request_id,
                )
                for event in events
                if event.id in claimed
            ],
        )
        return [
            Decision(e.id, PENDING, LOOKING)
            if e.id in claimed
            else Decision(e.id, SKIP, "visit_known")
            for e in events
        ]

    async def _decide(
        self, connection: Connection, visits: Sequence[tuple[Event, Visit]]
    ) -> list[Decision]:
        """Ask who can be asked; of the others say why not."""
        ids = [event.connection.business_id for event, _ in visits]
        businesses = await self._settings.of(connection, ids)
        contacts = [
            (event.connection.business_id, [c for c in (phone, email) if c])
            for event, visit in visits
            for phone, _, email in [contact_of(visit)]
        ]
        known = await memory.known(connection, businesses, contacts, [e.id for e, _ in visits])
        decisions: list[Decision] = []
        wishes: list[Wish] = []
        for event, visit in visits:
            business = businesses[event.connection.business_id]
            wish = wish_for(self._registry, event, visit, business, known, self._url)
            if isinstance(wish, Wish):
                wishes.append(wish)
            else:
                decisions.append(wish)
        if wishes:
            decisions.extend(await self._ask(connection, wishes))
        return decisions

    async def _ask(self, connection: Connection, wishes: Sequence[Wish]) -> list[Decision]:
        """Claim the visits, then the guests; who loses either race learns why."""
        by_visit = {(w.event.connection.id, w.visit.visit): w for w in reversed(wishes)}
        claimed = await store.claim(
            connection, [claim_row(by_visit[key]) for key in sorted(by_visit)]
        )
        mine = sorted(
            (w for w in wishes if w.event.id in claimed), key=lambda w: (w.business.id, w.contact)
        )
        first_of_guest = {(w.business.id, w.contact): w for w in reversed(mine)}
        free = await store.take_gap(
            connection,
            [
                (w.business.id, w.contact, claimed[w.event.id])
                for _, w in sorted(first_of_guest.items())
            ],
        )
        asked = {w.event.id for w in mine if claimed[w.event.id] in free}
        await store.give_up(
            connection, [claimed[w.event.id] for w in mine if w.event.id not in asked]
        )
        await plan_messages(
            connection, [draft(w, claimed[w.event.id]) for w in mine if w.event.id in asked]
        )
        return [
            Decision(w.event.id, REQUEST)
            if w.event.id in asked
            else Decision(
                w.event.id, SKIP, "asked_recently" if w.event.id in claimed else "visit_known"
            )
            for w in wishes
        ]


def visit_of(event: Event) -> Visit:
    """The visit an event is about."""
    assert isinstance(event.element.data, Visit)
    return event.element.data


def must_be_found(event: Event) -> bool:
    """Whether the guest has to be asked for at the source."""
    visit = visit_of(event)
    nobody = visit.phone is None and visit.email is None
    return nobody and visit.guest is not None and event.connection.connector.guest is not None


def with_guest(visit: Visit, found: Mapping[str, Any]) -> Visit:
    """The visit with the guest the source named."""
    return dataclasses.replace(
        visit,
        phone=found.get("phone"),
        email=found.get("email"),
        name=visit.name or found.get("name"),
    )


def claim_row(wish: Wish) -> tuple[Any, ...]:
    """In the order of store.CLAIM."""
    remind_after = wish.place.rules.remind_after_s
    return (
        wish.business.id,
        wish.event.connection.id,
        wish.visit.visit,
        wish.place.id,
        wish.event.id,
        wish.phone,
        wish.event.element.occurred_at or wish.event.received_at,
        "asked",
        wish.visit.part,
        wish.email,
        wish.visit.name,
        wish.code,
        wish.due_at,
        wish.not_after,
        wish.consent,
        remind_after,
    )


def looking_row(event: Event) -> tuple[Any, ...]:
    """The same for a visit whose guest is being looked for."""
    visit = visit_of(event)
    return (
        event.connection.business_id,
        event.connection.id,
        visit.visit,
        None,
        event.id,
        None,
        event.element.occurred_at or event.received_at,
        "looking",
        visit.part,
        *(None,) * 7,
    )


def origin_of(request_id: int) -> str:
    """The origin of the message of this request."""
    return f"{PURPOSE}:{request_id}"


def origins_of(request_id: int) -> list[str]:
    """Those of all messages to the guest about this request."""
    return [origin_of(request_id), f"review_reminder:{request_id}"]


def draft(wish: Wish, request_id: int) -> Draft:
    """The message for a wish that may be fulfilled."""
    return Draft(
        business_id=wish.business.id,
        purpose=PURPOSE,
        origin=origin_of(request_id),
        letters=wish.route.letters,
        route=wish.route.ways,
        phone=wish.phone,
        event_id=wish.event.id,
        place_id=wish.place.id,
        request_id=wish.event.request_id,
        due_at=wish.due_at,
        not_after=wish.not_after,
        polite=True,
    )
