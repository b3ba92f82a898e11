"""What came to the address for events, in the database."""

from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = (
    "n.id, n.at, n.kind, n.event, n.payment, n.signature, n.outcome, n.body, "
    "p.public_id as payment_id"
)


async def add(connection: Pool | Connection, row: tuple[Any, ...]) -> bool:
    """False: the same came before, signed as well."""
    found = await connection.fetchval(
        "insert into payout_notice (kind, event, payment, payout_id, connection_id, signature, "
        "outcome, digest, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "on conflict (digest) where signature = 'good' do nothing returning true",
        *row,
    )
    return bool(found)


async def page(
    pool: Pool, connection_id: int | None, number: int, size: int
) -> tuple[int, list[Any]]:
    """(how many there are, those of a page, the newest first). Whoever sees one connection only
    does not see what belongs to none.
    """
    total: int = await pool.fetchval(
        "select count(*) from payout_notice where $1::int is null or connection_id = $1",
        connection_id,
    )
    rows = await pool.fetch(
        f"select {COLUMNS} from payout_notice n left join payout p on p.id = n.payout_id "  # noqa: S608
        "where $1::int is null or n.connection_id = $1 order by n.id desc limit $2 offset $3",
        connection_id,
        size,
        (number - 1) * size,
    )
    return total, rows


async def forget(pool: Pool | Connection, older: timedelta, most: int) -> int:
    """Those of long ago, and all but the newest `most`; how many."""
    rows = await pool.fetch(
        "delete from payout_notice where at < clock_timestamp() - $1::interval "
        "or id <= (select max(id) - $2 from payout_notice) returning 1",
        older,
        most,
    )
    return len(rows)
