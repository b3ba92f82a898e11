"""What the provider has said of messages whose calls have no answer, in the database."""

from collections.abc import Sequence

from uzel.kit.database import Connection, Pool


async def arrived(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Those of the messages that the provider reported on, so they had reached it."""
    rows = await connection.fetch(
        "select id from message where id = any($1) "
        "and state in ('accepted', 'delivered', 'failed')",
        list(ids),
    )
    return [row["id"] for row in rows]


async def with_reference(pool: Pool, connection_id: int, reference: str) -> list[int]:
    """Messages that the provider knows by this."""
    rows = await pool.fetch(
        "select id from message where connection_id = $1 and reference = $2",
        connection_id,
        reference,
    )
    return [row["id"] for row in rows]


async def lose(connection: Connection, ids: Sequence[int]) -> None:
    """What became of these messages is not known any more."""
    await connection.execute(
        "update message set state = 'unknown', updated_at = now() "
        "where id = any($1) and state = 'planned'",
        list(ids),
    )
