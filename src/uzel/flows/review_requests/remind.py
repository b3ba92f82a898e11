"""One reminder, to who got a request and did nothing about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.connections.registry import Registry
from uzel.flows.review_requests import feedback_store as store
from uzel.flows.review_requests.letters import Guest, Request, route_for
from uzel.flows.review_requests.settings import Business, load
from uzel.kit import database
from uzel.messages.draft import Draft
from uzel.messages.send import plan_messages
from uzel.model.phone import parse_phone

PURPOSE = "review_reminder"
AT_ONCE = 100


async def remind(pool: database.Pool, registry: Registry, url: str) -> int:
    """Plan the reminders that are due; each request gets one at most, whatever happens to it. A
    click, a rating or a cancellation withdraws what still waits.
    """
    async with pool.acquire() as connection, connection.transaction():
        rows = await store.to_remind(connection, AT_ONCE)
        if not rows:
            return 0
        businesses = await load(connection, [row["business_id"] for row in rows])
        drafts = [
            draft
            for row in rows
            if (draft := draft_for(registry, businesses[row["business_id"]], row, url))
        ]
        await store.reminded(connection, [row["id"] for row in rows])
        return len(await plan_messages(connection, drafts))


def draft_for(registry: Registry, business: Business, row: Any, url: str) -> Draft | None:
    """The reminder; None where nobody wrote a text for one, or nothing leads to the guest."""
    place = next((p for p in business.places.values() if p.id == row["place_id"]), None)
    if place is None or place.rules.remind_after_s is None:
        return None
    region = parse_phone(row["phone"]).region if row["phone"] else None
    guest = Guest(row["phone"], region, row["email"])
    values = {
        "place": place.name,
        "link": f"{url}/r/{row['code']}",
        "code": row["code"],
        "name": row["guest_name"] or "",
    }
    route = route_for(registry, business, place, guest, Request(PURPOSE, values))
    if not route.letters:
        return None
    now = datetime.now(UTC)
    due_at = place.rules.hours.next_open(now, place.zone)
    return Draft(
        business_id=business.id,
        purpose=PURPOSE,
        origin=f"{PURPOSE}:{row['id']}",
        letters=route.letters,
        route=route.ways,
        phone=row["phone"],
        event_id=row["event_id"],
        place_id=place.id,
        due_at=due_at if due_at > now else None,
        not_after=due_at + timedelta(days=1),
        polite=True,
    )
