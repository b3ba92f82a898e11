"""The CRM whose deals are leads, in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool


async def some(connection: Connection | Pool, connection_ids: Sequence[int]) -> list[Any]:
    """(connection_id, settings, known, known_at) of those of the connections that are such CRMs."""
    return await connection.fetch(
        "select connection_id, settings, known, known_at from lead_crm "
        "where connection_id = any($1)",
        list(connection_ids),
    )


async def every(connection: Connection | Pool) -> list[Any]:
    """All of them, the oldest first."""
    return await connection.fetch(
        "select connection_id, settings, known, known_at from lead_crm order by connection_id"
    )


async def save(connection: Connection, connection_id: int, settings: Mapping[str, Any]) -> None:
    """Write settings down; the first ones make it such a CRM."""
    await connection.execute(
        "insert into lead_crm (connection_id, settings) values ($1, $2) "
        "on conflict (connection_id) do update set settings = excluded.settings, "
        "updated_at = now()",
        connection_id,
        dict(settings),
    )


async def learn(
    connection: Connection,
    connection_id: int,
    part: Mapping[str, Any],
    known_at: datetime | None = None,
) -> None:
    """A part of what is known of the account; `known_at` once it is all."""
    await connection.execute(
        "update lead_crm set known = known || $2, known_at = coalesce($3, known_at) "
        "where connection_id = $1",
        connection_id,
        dict(part),
        known_at,
    )
