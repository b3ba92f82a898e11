"""Files of people in a chat that are still to be fetched."""

from typing import Any

from uzel.kit.database import Connection, Pool


async def add(
    connection: Connection,
    claim_id: int,
    connection_id: int,
    chat_id: int,
    file_id: str,
    kind: str,
    by: str,
) -> None:
    """The same file again is the same one."""
    await connection.execute(
        "insert into claim_chat_file (claim_id, connection_id, chat_id, file_id, kind, made_by) "
        "values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        claim_id,
        connection_id,
        chat_id,
        file_id,
        kind,
        by,
    )


async def count(connection: Connection | Pool, claim_id: int) -> int:
    """How many there are, those excepted that did not do."""
    found: int = await connection.fetchval(
        "select count(*) from claim_chat_file where claim_id = $1 and state <> 'refused'", claim_id
    )
    return found


async def known(connection: Connection | Pool, claim_id: int, through: int) -> list[Any]:
    """(file_id, kind) that this bot can show, the oldest first."""
    return await connection.fetch(
        "select file_id, kind from claim_chat_file where claim_id = $1 and connection_id = $2 "
        "and state <> 'refused' order by id limit 10",
        claim_id,
        through,
    )


async def lease(pool: Pool, most: int, lease_s: float) -> list[Any]:
    """Those that are due, for this process alone for so long."""
    return await pool.fetch(
        "update claim_chat_file set attempts = attempts + 1, "
        "due_at = clock_timestamp() + make_interval(secs => $2) where id in ("
        "select id from claim_chat_file where state = 'waiting' and due_at <= clock_timestamp() "
        "order by due_at limit $1 for update skip locked) "
        "returning id, claim_id, connection_id, chat_id, file_id, kind, made_by, attempts",
        most,
        lease_s,
    )


async def later(pool: Pool, number: int, wait_s: float) -> None:
    """It could not be fetched now."""
    await pool.execute(
        "update claim_chat_file set due_at = clock_timestamp() + make_interval(secs => $2) "
        "where id = $1 and state = 'waiting'",
        number,
        wait_s,
    )


async def end(connection: Connection, number: int, state: str) -> bool:
    """False: another process was earlier."""
    found = await connection.fetchval(
        "update claim_chat_file set state = $2 where id = $1 and state = 'waiting' returning true",
        number,
        state,
    )
    return bool(found)
