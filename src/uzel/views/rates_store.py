"""Who stands behind the versions of rates, and how they went, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

VERSIONS = """
select r.id, r.entered_by, r.created_at, d.decided_by, d.decided_at, d.outcome, d.reason
  from rate r left join rate_decision d on d.rate_id = r.id where r.id = any($1::bigint[])
"""
WENT = """
select r.pair, r.source, r.base, r.quote, r.value, d.effective_at
  from rate_decision d join rate r on r.id = d.rate_id
 where d.outcome = 'active' and d.effective_at >= $1 and d.effective_at <= clock_timestamp()
   and d.pair = any($2::text[])
 order by d.pair, d.effective_at, d.rate_id
"""


async def versions(pool: Pool | Connection, numbers: Sequence[int]) -> dict[int, Any]:
    """Number → who entered it, when, who decided on it."""
    return {row["id"]: row for row in await pool.fetch(VERSIONS, list(numbers))}


async def went(pool: Pool | Connection, keys: Sequence[str], since: datetime) -> list[Any]:
    """Versions that came into force since, by pair and time."""
    return await pool.fetch(WENT, since, list(keys))
