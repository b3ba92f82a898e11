"""Reports on leads, in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool

ADD = """
insert into lead_report (public_id, deal_id, lead_id, book, robot_id, made_by, is_success, status,
                         amount, currency, email, card, data, crm_state, crm_message, crm_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
        case when $14 = 'waiting' then null else now() end)
returning id
"""


async def add(connection: Connection, *values: Any) -> int:
    """A report; see ADD for the order. Its number."""
    number: int = await connection.fetchval(ADD, *values)
    return number


async def crm_answer(pool: Pool | Connection, report_id: int) -> Any:
    """What became of it at the CRM: (crm_state, crm_message)."""
    return await pool.fetchrow(
        "select crm_state, crm_message from lead_report where id = $1", report_id
    )


async def crms(connection: Connection) -> list[int]:
    """The CRMs whose deals are leads."""
    rows = await connection.fetch("select connection_id from lead_crm order by connection_id")
    return [row["connection_id"] for row in rows]


async def add_deal(
    connection: Connection, connection_id: int, deal_id: str, public_id: str, called: str
) -> int | None:
    """A lead for a deal that nobody has told of yet; None where it has just been told of."""
    number: int | None = await connection.fetchval(
        "with added as (insert into lead (public_id, book, connection_id, external_id, deal_id) "
        "values ($3, 'live', $1, $2, $4) on conflict do nothing returning id), stepped as ("
        "insert into lead_step (lead_id, number, what, made_by) "
        "select id, 1, 'received', 'report' from added) select id from added",
        connection_id,
        deal_id,
        public_id,
        called,
    )
    return number
