"""Messages that show claims to those who decide, in the database."""

from typing import Any

from uzel.kit.database import Connection

COLUMNS = "id, claim_id, connection_id, chat_id, message_id, shown, nth, is_busy, is_gone"


async def add(
    connection: Connection, claim_id: int, connection_id: int, chat_id: int, shown: str
) -> int:
    found: int = await connection.fetchval(
        "insert into claim_announcement (claim_id, connection_id, chat_id, shown) "
        "values ($1, $2, $3, $4) returning id",
        claim_id,
        connection_id,
        chat_id,
        shown,
    )
    return found


async def of_claim(connection: Connection, claim_id: int) -> list[Any]:
    """The oldest first, locked."""
    return await connection.fetch(
        f"select {COLUMNS} from claim_announcement where claim_id = $1 order by id for update",  # noqa: S608
        claim_id,
    )


async def claim_of(connection: Connection, number: int) -> int | None:
    found: int | None = await connection.fetchval(
        "select claim_id from claim_announcement where id = $1", number
    )
    return found


async def show(connection: Connection, number: int, shown: str) -> int:
    """It is changed to this; the how many-th change."""
    found: int = await connection.fetchval(
        "update claim_announcement set shown = $2, nth = nth + 1, is_busy = true where id = $1 "
        "returning nth",
        number,
        shown,
    )
    return found


async def settled(
    connection: Connection, number: int, message_id: int | None, *, is_gone: bool
) -> None:
    """The call under way ended."""
    await connection.execute(
        "update claim_announcement set is_busy = false, is_gone = $3, "
        "message_id = coalesce(message_id, $2) where id = $1",
        number,
        message_id,
        is_gone,
    )
