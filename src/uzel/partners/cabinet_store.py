"""What the cabinet looks at beside lists: days, and the steps of a payment."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

BY_DAY = """
select (created_at at time zone $3)::date as day, count(*) as total,
       count(*) filter (where state = 'completed') as completed,
       count(*) filter (where state = 'failed') as failed,
       coalesce(sum(cost_minor) filter (where state <> 'failed'), 0)::bigint as charged_minor
  from payment
 where partner_id = $1 and book = $2 and created_at >= $4
 group by 1 order by 1
"""


async def by_day(
    pool: Pool | Connection, partner_id: int, book: str, zone: str, since: datetime
) -> list[Any]:
    """Payments of each day that has any: (day, total, completed, failed, charged_minor)."""
    return await pool.fetch(BY_DAY, partner_id, book, zone, since)


async def steps(pool: Pool | Connection, payment_id: int) -> list[Any]:
    """(number, state, at, reason) of a payment, in their order."""
    return await pool.fetch(
        "select number, state, at, reason from payment_step where payment_id = $1 order by number",
        payment_id,
    )
