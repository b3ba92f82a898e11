"""The stop-list of a business as a list for people."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Pool

# Who was listed at the same moment comes in the order of addresses.
LISTED = """
select address, reason, source, note, created_at from stop_list
 where business_id = $1
   and ($2::text is null or position($2 in address) > 0)
   and ($3::text is null or reason = $3)
   and ($4::timestamptz is null or (created_at, address) < ($4, $5))
 order by created_at desc, address desc limit $6
"""


async def listed(
    pool: Pool,
    business_id: int,
    wanted: tuple[str | None, str | None],
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Any]:
    """Addresses with what put them there, newest first. wanted: (part of an address, reason);
    after: (time, address) of the last one of the page before.
    """
    at, address = after or (None, None)
    return await pool.fetch(LISTED, business_id, *wanted, at, address, limit)


async def entry(pool: Pool, business_id: int, address: str) -> Any:
    """One of them, or None."""
    return await pool.fetchrow(
        "select address, reason, source, note, created_at from stop_list "
        "where business_id = $1 and address = $2",
        business_id,
        address,
    )
