"""Leads that are deals of a CRM, in the database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection

# Nothing where the number is taken in that book, or the deal is there already.
ADD = """
insert into lead (public_id, book, connection_id, external_id, deal_id, payment_url, told_at)
values ($1, 'live', $2, $3, $4, $5, $6) on conflict do nothing returning id
"""
LOCK = """
select id, state, version, payment_url, told_at from lead
 where connection_id = $1 and external_id = $2 for no key update
"""
CHANGE = """
update lead set payment_url = $2, version = version + 1, told_at = $3, updated_at = now(),
       state = case state when 'failed' then 'new' else state end where id = $1
returning state, version
"""
STEP = """
insert into lead_step (lead_id, number, what, details, made_by)
select $1, coalesce(max(number), 0) + 1, $2, $3, $4 from lead_step where lead_id = $1
"""


async def add(
    connection: Connection,
    public_id: str,
    connection_id: int,
    external_id: str,
    deal_id: str,
    payment_url: str,
    told_at: datetime,
) -> int | None:
    """A lead, known to robots by `deal_id`; None where it cannot be added so: see `lock`."""
    number: int | None = await connection.fetchval(
        ADD, public_id, connection_id, external_id, deal_id, payment_url, told_at
    )
    return number


async def lock(connection: Connection, connection_id: int, external_id: str) -> Any:
    """The lead of a deal, locked; None where there is none."""
    return await connection.fetchrow(LOCK, connection_id, external_id)


async def known(connection: Connection, connection_id: int, external_id: str) -> bool:
    """Whether a deal is a lead."""
    found: bool = await connection.fetchval(
        "select exists (select from lead where connection_id = $1 and external_id = $2)",
        connection_id,
        external_id,
    )
    return found


async def change(
    connection: Connection, lead_id: int, payment_url: str, told_at: datetime
) -> tuple[str, int]:
    """Another link; the lead's state and version after it."""
    row = await connection.fetchrow(CHANGE, lead_id, payment_url, told_at)
    assert row is not None
    return row["state"], row["version"]


async def told(connection: Connection, lead_id: int, told_at: datetime) -> None:
    """Nothing new was told, but later than what we know."""
    await connection.execute("update lead set told_at = $2 where id = $1", lead_id, told_at)


async def add_step(
    connection: Connection, lead_id: int, what: str, details: Mapping[str, Any], made_by: str
) -> None:
    """Write down what happened; the lead is locked by the caller."""
    await connection.execute(STEP, lead_id, what, dict(details), made_by)
