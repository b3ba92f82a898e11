"""Questions for guests that nobody has answered in time: the connection is off or waits for a
person, or the call does. Their visits are too long ago by then, whoever the guest was.
"""

from datetime import UTC, datetime, timedelta

from uzel.calls import store as calls_store
from uzel.connections.registry import Registry
from uzel.events import store as events_store
from uzel.events.event import Event
from uzel.flows.review_requests import memory, store
from uzel.flows.review_requests.judge import SKIP
from uzel.flows.review_requests.settings import Business, load
from uzel.flows.review_requests.wish import times
from uzel.kit import database
from uzel.model.visit import Visit

# Where requests never expire.
LONGEST_LOOKING = timedelta(days=30)


async def give_up_late(pool: database.Pool, registry: Registry) -> int:
    """End the waiting of events about which nobody will be asked any more; returns how many."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await store.long_looked_for(connection)
        events = [event for row in rows if (event := memory.event_of(row, registry))]
        ids = [event.connection.business_id for event in events]
        businesses = await load(connection, ids) if ids else {}
        late = [e.id for e in events if is_late(e, businesses[e.connection.business_id])]
        if late:
            await calls_store.cancel(connection, [f"guest:{i}" for i in late], "too_late")
            await store.stop_looking(connection, late)
            await events_store.decide(connection, [(i, SKIP, "too_late") for i in late])
        return len(late)


def is_late(event: Event, business: Business) -> bool:
    """Whether a request about this visit would have expired."""
    visit = event.element.data
    assert isinstance(visit, Visit)
    place = business.place(event.connection.connector.name, visit.place)
    if place is None:
        return True
    now = datetime.now(UTC)
    return (times(event, place, now)[1] or event.received_at + LONGEST_LOOKING) < now
