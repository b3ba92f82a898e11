"""The vault in the database."""

from collections.abc import Sequence

from uzel.kit.database import Connection, Pool


async def reserve(connection: Connection) -> int:
    """A free number: the value is bound to it before it is written."""
    found: int = await connection.fetchval("select nextval(pg_get_serial_sequence('vault', 'id'))")
    return found


async def put(connection: Connection, number: int, sealed: bytes) -> None:
    await connection.execute(
        "insert into vault (id, sealed) overriding system value values ($1, $2)", number, sealed
    )


async def read(pool: Pool | Connection, numbers: Sequence[int]) -> dict[int, bytes]:
    """Number → what lies there; those that were destroyed are missing."""
    rows = await pool.fetch("select id, sealed from vault where id = any($1)", numbers)
    return {row["id"]: row["sealed"] for row in rows}


async def destroy(connection: Connection, numbers: Sequence[int]) -> None:
    await connection.execute("delete from vault where id = any($1)", numbers)
