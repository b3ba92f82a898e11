"""Calls that were held back, once their reason is gone."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection


async def let_go(
    connection: Connection, operation: str, reasons: Sequence[str], connection_id: int | None = None
) -> list[int]:
    """Make those due now that were held back for one of these reasons, of one connection or all:
    the connections that have some.
    """
    rows = await connection.fetch(
        "with gone as (update call set due_at = clock_timestamp() where state = 'planned' "
        "and operation = $1 and detail = any($2) and due_at > clock_timestamp() "
        "and ($3::int is null or connection_id = $3) returning connection_id) "
        "select distinct connection_id from gone order by 1",
        operation,
        list(reasons),
        connection_id,
    )
    return [row["connection_id"] for row in rows]


async def change_argument(connection: Connection, effect: str, name: str, value: Any) -> None:
    """Another argument for a call that has not left, and is due now."""
    await connection.execute(
        "update call set arguments = arguments || jsonb_build_object($2::text, $3::jsonb), "
        "due_at = case when state = 'planned' then clock_timestamp() else due_at end "
        "where effect = $1 and state in ('planned', 'unknown')",
        effect,
        name,
        value,
    )
