"""Consents to be written to, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool, columns

COLUMNS = "address, source, wording, given_at, noted_by, noted_at"

LISTED = f"""
select {COLUMNS} from consent
 where business_id = $1
   and ($2::text is null or position($2 in address) > 0)
   and ($3::timestamptz is null or (noted_at, address) < ($3, $4))
 order by noted_at desc, address desc limit $5
"""  # noqa: S608


async def listed(
    pool: Pool,
    business_id: int,
    part: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Any]:
    """Consents (COLUMNS), the last noted ones first. part: of an address; after: (time, address) of
    the last one of the page before.
    """
    at, address = after or (None, None)
    return await pool.fetch(LISTED, business_id, part, at, address, limit)


async def entry(pool: Pool, business_id: int, address: str) -> Any:
    """One of them, or None."""
    return await pool.fetchrow(
        f"select {COLUMNS} from consent where business_id = $1 and address = $2",  # noqa: S608
        business_id,
        address,
    )


async def known(
    connection: Connection | Pool, business_id: int, addresses: Sequence[str]
) -> set[str]:
    """Those of the addresses whose consent is noted."""
    rows = await connection.fetch(
        "select address from consent where business_id = $1 and address = any($2)",
        business_id,
        list(addresses),
    )
    return {row["address"] for row in rows}


async def add(
    connection: Connection,
    business_id: int,
    rows: Sequence[tuple[str, str, str | None, datetime]],
    noted_by: str,
) -> int:
    """Note consents: (address, source, wording, given_at). Who has one already keeps it. Returns
    how many are new.
    """
    if not rows:
        return 0
    found = await connection.fetch(
        "insert into consent (business_id, address, source, wording, given_at, noted_by) "
        "select $1, address, source, wording, given_at, $2 "
        "from unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[]) "
        "as g(address, source, wording, given_at) on conflict do nothing returning address",
        business_id,
        noted_by,
        *columns(rows),
    )
    return len(found)


async def remove(connection: Connection, business_id: int, address: str) -> bool:
    """Forget a consent; False if there was none."""
    done = await connection.execute(
        "delete from consent where business_id = $1 and address = $2", business_id, address
    )
    return bool(done == "DELETE 1")
