"""Values that may not stand in the journal: sealed apart, opened as a call leaves, then destroyed.

An operation names the arguments that are `sealed`; the journal keeps the number of each.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.calls import vault_store as store
from uzel.connector import Operation
from uzel.errors import Rejected
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing


async def put(connection: Connection, ring: KeyRing, plain: str) -> int:
    """The number under which it lies, in the caller's transaction."""
    number = await store.reserve(connection)
    await store.put(connection, number, ring.seal(plain.encode(), place_of(number)))
    return number


async def destroy(connection: Connection, numbers: Sequence[int]) -> None:
    """Nobody can read them any more, once the caller's transaction ends."""
    if numbers:
        await store.destroy(connection, numbers)


async def read(connection: Connection, ring: KeyRing, numbers: Sequence[int]) -> list[str]:
    """What lies under these numbers, in their order, but for what was destroyed."""
    found = await store.read(connection, numbers) if numbers else {}
    return [ring.open(found[it], place_of(it)).decode() for it in numbers if it in found]


async def opened(
    pool: Pool, ring: KeyRing, operation: Operation, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The arguments with which an operation is run. Raises Rejected where a value was destroyed:
    then nothing was asked for.
    """
    sealed = [name for name in operation.sealed if arguments.get(name) is not None]
    if not sealed:
        return arguments
    found = await store.read(pool, [arguments[name] for name in sealed])
    plain = dict(arguments)
    for name in sealed:
        number = arguments[name]
        if number not in found:
            raise Rejected(f"{name} was destroyed: it has to be entered again", code="vault_empty")
        plain[name] = ring.open(found[number], place_of(number)).decode()
    return plain


def place_of(number: int) -> str:
    """What a value is bound to."""
    return f"vault/{number}"
