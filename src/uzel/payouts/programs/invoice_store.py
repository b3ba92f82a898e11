"""Invoices in the database."""

from collections.abc import Mapping
from typing import Any

from uzel.kit.database import Connection, Pool

SHOWN = """
select i.id, i.public_id, i.connection_id, i.external_id, i.user_id, i.amount_minor, i.currency,
       i.description, i.metadata, i.state, i.payout_id, i.created_at, i.updated_at,
       p.public_id as payment_id, p.state as payment_state, p.ended_at as payment_ended_at
  from payout_invoice i left join payout p on p.id = i.payout_id
"""
# `paid` is the payout's word.
CHOSEN = """
 where ($1::int is null or i.connection_id = $1)
   and ($2::text is null or case when p.state = 'paid' then 'paid' else i.state end = $2)
   and ($3::text is null or i.user_id = $3)
"""


async def add(connection: Connection, row: tuple[Any, ...]) -> int:
    """The number of a new one. Raises UniqueViolationError."""
    return (
        await connection.fetchval(
            "insert into payout_invoice (public_id, connection_id, token_id, external_id, user_id, "
            "amount_minor, currency, description, metadata, state) "
            "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
            *row,
        )
        or 0
    )


async def find(pool: Pool | Connection, name: str, connection_id: int | None) -> Any:
    """By our id or the asker's number; None."""
    return await pool.fetchrow(
        f"{SHOWN} where (i.public_id = $1 or i.external_id = $1) "
        "and ($2::int is null or i.connection_id = $2) order by (i.public_id = $1) desc limit 1",
        name,
        connection_id,
    )


async def lock(connection: Connection, invoice_id: int) -> Any:
    return await connection.fetchrow(f"{SHOWN} where i.id = $1 for update of i", invoice_id)


async def page(
    pool: Pool, connection_id: int | None, status: str | None, user_id: str | None,
    number: int, size: int,
) -> tuple[int, list[Any]]:  # fmt: skip
    """(how many there are, those of a page, the newest first)."""
    chosen = (connection_id, status, user_id)
    total: int = await pool.fetchval(
        "select count(*) from payout_invoice i "  # noqa: S608 - no value is in it
        f"left join payout p on p.id = i.payout_id {CHOSEN}",
        *chosen,
    )
    if (number - 1) * size >= total:
        return total, []
    rows = await pool.fetch(
        f"{SHOWN} {CHOSEN} order by i.id desc limit $4 offset $5", *chosen, size,
        (number - 1) * size,
    )  # fmt: skip
    return total, rows


async def change(connection: Connection, invoice_id: int, values: Mapping[str, Any]) -> None:
    """Amount, description, metadata and state as they shall be."""
    await connection.execute(
        "update payout_invoice set amount_minor = $2, description = $3, metadata = $4, state = $5, "
        "updated_at = clock_timestamp() where id = $1",
        invoice_id,
        values["amount_minor"],
        values["description"],
        values["metadata"],
        values["state"],
    )


async def set_payout(connection: Connection, invoice_id: int, payout_id: int) -> None:
    """Raises UniqueViolationError where the payout pays another one."""
    await connection.execute(
        "update payout_invoice set payout_id = $2, updated_at = clock_timestamp() where id = $1",
        invoice_id,
        payout_id,
    )
