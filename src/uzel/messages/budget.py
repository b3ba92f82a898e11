"""A budget that somebody has changed."""

from datetime import date

from uzel.calls.plan import wake
from uzel.kit.database import Connection
from uzel.messages import guard_store as store


async def changed(connection: Connection, business_id: int, today: date) -> int:
    """Reckon what the day has spent, and let what the old budget held back try the new one at once,
    in the caller's transaction. Returns how many messages. `today`: of the business's calendar.
    """
    await store.reckon_within(connection, business_id, today)
    connections = await store.release(connection, business_id)
    for connection_id in sorted(set(connections)):
        await wake(connection, connection_id)
    return len(connections)
