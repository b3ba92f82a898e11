"""Taking back messages that have not gone out."""

from collections.abc import Sequence

from uzel.calls import store as calls_store
from uzel.kit.database import Connection
from uzel.messages import proof_store, route_store, store

MOST_HOPS = 10


def effect_of(message_id: int) -> str:
    """The effect of the call that sends this message."""
    return f"message:{message_id}"


def id_of(effect: str) -> int:
    """The message whose call has this effect."""
    return int(effect.partition(":")[2])


def chain_of(origin: str) -> list[str]:
    """The origins of all messages that stand in for each other, the first one's given."""
    first = origin.partition("#")[0]
    return [first, *(f"{first}#{hop}" for hop in range(1, MOST_HOPS))]


async def cancel_messages(connection: Connection, origins: Sequence[str], reason: str) -> int:
    """Withdraw messages that have not gone out, whichever of their ways is next; what is just
    leaving, or may have left, is not sent once more should that have failed. Returns how many could
    be withdrawn.
    """
    every = [origin for first in origins for origin in chain_of(first)]
    ids = await store.by_origin(connection, every) if every else []
    await route_store.end_chains(connection, ids)
    withdrawn = await withdraw(connection, ids, reason)
    await store.forbid(connection, ids, reason)
    return len(withdrawn)


async def withdraw(connection: Connection, ids: Sequence[int], reason: str) -> list[int]:
    """Withdraw those of the messages whose call has not begun; returns them. One whose answer was
    lost before may have arrived: nobody knows, and it is not sent once more.
    """
    if not ids:
        return []
    effects = [effect_of(i) for i in sorted(ids)]
    taken = await calls_store.cancel(connection, effects, reason, doubtful=True)
    withdrawn = [id_of(effect) for effect, state in taken.items() if state == "cancelled"]
    await store.cancel(connection, withdrawn, reason)
    await proof_store.lose(
        connection, [id_of(e) for e, state in taken.items() if state == "unknown"]
    )
    return withdrawn
