"""Numbers of cards that came in with an event. Its body, and whatever is made of it, has them
masked; they themselves lie in the vault until the flow of the event has taken them, a day at most.
"""

from collections.abc import Sequence

from uzel.calls import vault
from uzel.events import typed_store as store
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing


async def keep(
    connection: Connection, ring: KeyRing, raw_event_id: int, numbers: Sequence[str]
) -> None:
    """Put the numbers of a new raw event into the vault, in the transaction that stores it."""
    for position, number in enumerate(numbers):
        vault_id = await vault.put(connection, ring, number)
        await store.keep(connection, raw_event_id, position, vault_id)


async def numbers_of(connection: Connection, ring: KeyRing, event_id: int) -> list[str]:
    """The numbers in what an event says, in plain and in their order. Empty: there were none, or
    they were destroyed since.
    """
    return await vault.read(connection, ring, await store.vault_ids(connection, event_id))


async def forget(connection: Connection, event_id: int) -> None:
    """Destroy them: whoever needed them has them."""
    await vault.destroy(connection, await store.vault_ids(connection, event_id))
