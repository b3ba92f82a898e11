"""The key of fingerprints in the database."""

from uzel.kit.database import Connection


async def read(connection: Connection) -> bytes | None:
    """As it is sealed; None before the first payout."""
    found: bytes | None = await connection.fetchval("select sealed from payout_key")
    return found


async def keep(connection: Connection, sealed: bytes) -> bytes:
    """The one that is kept: this one, or that of who was faster."""
    await connection.execute(
        "insert into payout_key (sealed) values ($1) on conflict do nothing", sealed
    )
    found = await read(connection)
    assert found is not None
    return found
