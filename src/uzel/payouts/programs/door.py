"""What a connection's programs agree on with us: the secret that signs, the servers that are told,
whether somebody may be paid whom nobody names.
"""

from datetime import UTC, datetime, timedelta

import asyncpg

from uzel.connections import manage as connections
from uzel.connections.hook_url import HookRefused, HookUrl
from uzel.connectors.partner_hook.signing import new_secret, secret_bytes
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing
from uzel.payouts.programs import door_store as store

RECEIVER = "partner_hook"
# For so long after a change the old secret signs, and is taken, beside the new one.
OVERLAP = timedelta(hours=24)
MOST_RECEIVERS = 100


def place_of(connection_id: int) -> str:
    """What a secret is bound to."""
    return f"payouts/door/{connection_id}"


async def secret_of(connection: Connection, ring: KeyRing, connection_id: int) -> str:
    """The secret that signs, made where there is none; in a transaction of the caller's."""
    row = await store.lock(connection, connection_id)
    if row["secret"] is not None:
        return ring.open(row["secret"], place_of(connection_id)).decode()
    made = new_secret()
    sealed = ring.seal(made.encode(), place_of(connection_id))
    await store.set_secret(connection, connection_id, sealed, None, None)
    return made


async def rotate(
    connection: Connection, ring: KeyRing, connection_id: int
) -> tuple[str, datetime | None]:
    """(a new secret, shown this once; until when the old one is good beside it)."""
    row = await store.lock(connection, connection_id)
    made, place = new_secret(), place_of(connection_id)
    until = datetime.now(UTC) + OVERLAP if row["secret"] is not None else None
    sealed = ring.seal(made.encode(), place)
    await store.set_secret(connection, connection_id, sealed, row["secret"], until)
    before = ring.open(row["secret"], place).decode() if row["secret"] is not None else None
    for found in await store.receivers(connection, connection_id):
        values = {**found["settings"], "secret": made}
        if before is not None and until is not None:
            values |= {"old_secret": before, "old_until": until.isoformat()}
        await connections.change(
            connection, ring, found["receiver_id"], values, rate_per_s=found["rate_per_s"]
        )
    return made, until


async def keys(pool: Pool | Connection, ring: KeyRing) -> list[tuple[int, bytes]]:
    """(connection, key) of every secret that is good now."""
    now, found = datetime.now(UTC), []
    for row in await store.with_secrets(pool):
        number = row["connection_id"]
        sealed = [row["secret"]]
        if row["old_secret"] is not None and row["old_until"] and now < row["old_until"]:
            sealed.append(row["old_secret"])
        found += [(number, secret_bytes(ring.open(it, place_of(number)).decode())) for it in sealed]
    return found


async def receiver_of(
    pool: Pool, ring: KeyRing, connection_id: int, name: str, address: HookUrl
) -> int:
    """The connection by which a server is told, made where it is the first time. `name`: of the
    connection that pays. Raises HookRefused.
    """
    found = await store.receiver(pool, connection_id, address.base_url)
    if found is not None:
        return found
    try:
        async with pool.acquire() as connection, connection.transaction():
            return await first(connection, ring, connection_id, name, address)
    except asyncpg.UniqueViolationError:  # by somebody else, at this moment
        found = await store.receiver(pool, connection_id, address.base_url)
        assert found is not None
        return found


async def first(
    connection: Connection, ring: KeyRing, connection_id: int, name: str, address: HookUrl
) -> int:
    # Locks the row, so those who come at the same time wait for each other.
    secret = await secret_of(connection, ring, connection_id)
    known = await store.receivers(connection, connection_id)
    for row in known:
        if row["base_url"] == address.base_url:
            return int(row["receiver_id"])
    if len(known) >= MOST_RECEIVERS:
        raise HookRefused("hook_many", "callbacks go to too many servers already")
    values = {"base_url": address.base_url, "secret": secret}
    called = f"{name} · {address.base_url}"
    added = await connections.add(connection, ring, RECEIVER, called, values)
    await store.add_receiver(connection, connection_id, address.base_url, added.id)
    return added.id
