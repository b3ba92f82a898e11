"""What the cabinet looks at beside lists: days, the steps of a payment, the life of a lead."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

BY_DAY = """
select (created_at at time zone $3)::date as day, count(*) as total,
       count(*) filter (where state = 'completed') as completed,
       count(*) filter (where state = 'failed') as failed,
       coalesce(sum(cost_minor) filter (where entry_id is not null and refund_id is null),
                0)::bigint as charged_minor
  from payment
 where partner_id = $1 and book = $2 and created_at >= $4
 group by 1 order by 1
"""


async def by_day(
    pool: Pool | Connection, partner_id: int, book: str, zone: str, since: datetime
) -> list[Any]:
    """Payments of each day that has any: (day, total, completed, failed, charged_minor); the last:
    what was taken from the balance for them and not given back. What is held is not taken.
    """
    return await pool.fetch(BY_DAY, partner_id, book, zone, since)


async def steps(pool: Pool | Connection, payment_id: int) -> list[Any]:
    """(number, state, at, reason) of a payment, in their order."""
    return await pool.fetch(
        "select number, state, at, reason from payment_step where payment_id = $1 order by number",
        payment_id,
    )


async def lead_steps(pool: Pool | Connection, lead_id: int) -> list[Any]:
    """(number, what, at) of a lead, in their order."""
    return await pool.fetch(
        "select number, what, at from lead_step where lead_id = $1 order by number", lead_id
    )


async def lead_reports(pool: Pool | Connection, lead_id: int) -> list[Any]:
    """What was reported on a lead, the newest first: (public_id, is_success, status, amount,
    currency, email, card, data, created_at).
    """
    return await pool.fetch(
        "select public_id, is_success, status, amount, currency, email, card, data, created_at "
        "from lead_report where lead_id = $1 order by id desc limit 100",
        lead_id,
    )


async def lead_charges(pool: Pool | Connection, lead_id: int) -> list[Any]:
    """What was paid for a lead, the newest first: (public_id, state, cost_minor, created_at)."""
    return await pool.fetch(
        "select public_id, state, cost_minor, created_at from payment where lead_id = $1 "
        "order by id desc",
        lead_id,
    )
