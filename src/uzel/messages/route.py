"""Time passing for messages that wait: the next way takes over, or the moment is gone."""

from uzel.connections.registry import Registry
from uzel.kit import database
from uzel.messages import route_store as store
from uzel.messages.receipts import can_be_asked
from uzel.messages.send import advance
from uzel.messages.withdraw import withdraw


async def escalate(pool: database.Pool, registry: Registry) -> int:
    """Let the next way take over from messages without a receipt in time. One whose call has not
    begun is withdrawn first: if that fails it is just leaving, and waits for its receipt.
    """
    able = [active.id for active in registry.all() if can_be_asked(active)]
    async with pool.acquire() as connection, connection.transaction():
        rows = await store.due(connection, able)
        planned = [row["id"] for row in rows if row["state"] == "planned"]
        withdrawn = await withdraw(connection, planned, "next_way")
        accepted = [row["id"] for row in rows if row["state"] == "accepted"]
        return len(await advance(connection, sorted([*withdrawn, *accepted])))


async def expire(pool: database.Pool) -> int:
    """Withdraw messages whose time is over: a request to review a visit of last week only
    irritates.
    """
    ids = await store.expired(pool)
    if not ids:
        return 0
    async with pool.acquire() as connection, connection.transaction():
        withdrawn = await withdraw(connection, ids, "expired")
        await store.end_chains(connection, withdrawn)
        return len(withdrawn)
