"""Events of deals that are being read, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection


async def pending(connection: Connection, event_ids: Sequence[int]) -> list[Any]:
    """Those of the events that wait for their deal to be read: `id`, `connection_id`, the deal's
    `number`, `told_at`, `source` (`amocrm/main`); locked, in the order that leads are locked in.
    """
    return await connection.fetch(
        "select e.id, e.connection_id, e.data ->> 'number' as number, "
        "coalesce(e.occurred_at, r.received_at) as told_at, "
        "c.connector || '/' || c.name as source "
        "from event e join raw_event r on r.id = e.raw_event_id "
        "join connection c on c.id = e.connection_id "
        "where e.id = any($1) and e.decision = 'pending' "
        "order by e.connection_id, e.data ->> 'number' collate \"C\", 4, e.id for update of e",
        list(event_ids),
    )
