"""From a visit to a request for a review: the rules that need our memory, and the message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uzel.connections.registry import Active, Registry
from uzel.errors import ConfigError
from uzel.events.event import Decision, Event
from uzel.flows.review_requests import store
from uzel.flows.review_requests.judge import CANCEL, REQUEST, SKIP, judge
from uzel.kit.database import Connection
from uzel.messages.send import Draft, cancel_messages, plan_messages
from uzel.messages.store import newest_template
from uzel.messages.template import check_length, render
from uzel.model.visit import Visit

PURPOSE = "review_request"
CHANNEL = "sms"
OPERATION = "send_sms"


@dataclass(frozen=True, slots=True)
class Wish:
    """A visit somebody could be asked about."""

    event: Event
    visit: Visit
    phone: str
    place: Any
    channel: Active
    template_id: int
    text: str

    @property
    def business_id(self) -> int:
        """Who asks."""
        return self.event.connection.business_id


class ReviewRequests:
    """The flow; `registry` tells through which connection a business sends."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def on_completed(
        self, connection: Connection, events: Sequence[Event]
    ) -> Sequence[Decision]:
        """The flow of `visit.completed`."""
        decisions: list[Decision] = []
        wishes: list[Wish] = []
        settings = await self._settings(connection, events)
        for event in events:
            wish = self._wish(event, settings[event.connection.business_id])
            if isinstance(wish, Wish):
                wishes.append(wish)
            else:
                decisions.append(wish)
        if wishes:
            decisions.extend(await self._ask(connection, wishes))
        return decisions

    async def on_cancelled(
        self, connection: Connection, events: Sequence[Event]
    ) -> Sequence[Decision]:
        """The flow of `visit.cancelled`: what has not gone out is withdrawn."""
        rows = {}
        for event in events:
            visit, judged = visit_of(event), judge(event.element)
            rows[event.connection.id, visit.visit] = (
                event.connection.business_id,
                event.connection.id,
                visit.visit,
                event.id,
                judged.phone,
                judged.reason,
                event.element.occurred_at or event.received_at,
            )
        ids = await store.cancel(connection, [rows[key] for key in sorted(rows)])
        await cancel_messages(connection, [origin_of(i) for i in ids], "visit_cancelled")
        return [Decision(e.id, CANCEL, judge(e.element).reason) for e in events]

    async def _settings(self, connection: Connection, events: Sequence[Event]) -> dict[int, Any]:
        """Per business: (its places by source reference, its template)."""
        businesses = sorted({event.connection.business_id for event in events})
        places: dict[int, dict[str | None, Any]] = {business: {} for business in businesses}
        for row in await store.places(connection, businesses):
            places[row["business_id"]][row["source_ref"]] = row
        return {
            business: (
                places[business],
                await newest_template(connection, business, PURPOSE, CHANNEL),
            )
            for business in businesses
        }

    def _wish(self, event: Event, settings: Any) -> Wish | Decision:
        """What stands in the way of asking, as far as one visit and the settings tell."""
        judged, visit = judge(event.element), visit_of(event)
        if judged.decision != REQUEST or judged.phone is None:
            return Decision(event.id, judged.decision, judged.reason)
        places, template = settings
        place = places.get(visit.place) or places.get(None)
        channel = self._channel(event.connection.business_id)
        if place is None:
            return Decision(event.id, SKIP, "place_unknown")
        if template is None:
            return Decision(event.id, SKIP, "no_template")
        if channel is None:
            return Decision(event.id, SKIP, "no_channel")
        values = {"place": place["name"], "link": place["review_url"], "name": visit.name or ""}
        text = render(template["body"], values)
        try:
            check_length(text)
        except ConfigError:
            return Decision(event.id, SKIP, "text_too_long")
        return Wish(event, visit, judged.phone, place, channel, template["id"], text)

    def _channel(self, business_id: int) -> Active | None:
        """The connection through which this business sends text messages. A paused one counts:
        its messages wait; one that a person switched off does not.
        """
        for active in self._registry.all():
            able = OPERATION in active.connector.operations
            if able and active.business_id == business_id and active.state != "off":
                return active
        return None

    async def _ask(self, connection: Connection, wishes: Sequence[Wish]) -> list[Decision]:
        """Claim the visits, then the phones; who loses either race learns why."""
        by_visit = {(w.event.connection.id, w.visit.visit): w for w in reversed(wishes)}
        claimed = await store.claim(
            connection, [claim_row(by_visit[key]) for key in sorted(by_visit)]
        )
        mine = sorted(
            (w for w in wishes if w.event.id in claimed), key=lambda w: (w.business_id, w.phone)
        )
        first_of_phone = {(w.business_id, w.phone): w for w in reversed(mine)}
        free = await store.take_gap(
            connection,
            [
                (w.business_id, w.phone, claimed[w.event.id])
                for _, w in sorted(first_of_phone.items())
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


def claim_row(wish: Wish) -> tuple[Any, ...]:
    """In the order of store.CLAIM."""
    return (
        wish.business_id,
        wish.event.connection.id,
        wish.visit.visit,
        wish.place["id"],
        wish.event.id,
        wish.phone,
        wish.event.element.occurred_at or wish.event.received_at,
    )


def origin_of(request_id: int) -> str:
    """The origin of the message of this request."""
    return f"{PURPOSE}:{request_id}"


def draft(wish: Wish, request_id: int) -> Draft:
    """The message for a wish that may be fulfilled."""
    return Draft(
        business_id=wish.business_id,
        connection_id=wish.channel.id,
        purpose=PURPOSE,
        origin=origin_of(request_id),
        channel=CHANNEL,
        phone=wish.phone,
        body=wish.text,
        event_id=wish.event.id,
        template_id=wish.template_id,
        request_id=wish.event.request_id,
    )
