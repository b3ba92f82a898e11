"""The stop-list in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection


async def add(
    connection: Connection,
    business_id: int,
    addresses: Sequence[str],
    reason: str,
    source: str,
    note: str | None,
    weaker: Sequence[str],
) -> int:
    """List addresses; who is listed already keeps the reason, unless it is one of the `weaker`
    ones. Returns how many are new.
    """
    rows = await connection.fetch(
        "insert into stop_list as s (business_id, address, reason, source, note) "
        "select $1, address, $3, $4, $5 from unnest($2::text[]) as g(address) "
        "on conflict (business_id, address) do update set reason = excluded.reason, "
        "source = excluded.source, note = excluded.note, created_at = excluded.created_at "
        "where s.reason = any($6::text[]) returning xmax = 0 as is_new",
        business_id,
        list(addresses),
        reason,
        source,
        note,
        list(weaker),
    )
    return sum(row["is_new"] for row in rows)


async def recipient(connection: Connection, message_id: int) -> Any:
    """(business_id, address, phone) of a message."""
    return await connection.fetchrow(
        "select business_id, address, phone from message where id = $1", message_id
    )


async def remove(
    connection: Connection, business_id: int, address: str, reasons: Sequence[str] | None
) -> bool:
    """Take an address off the list, if it is there for one of the reasons; None: for any."""
    done = await connection.execute(
        "delete from stop_list where business_id = $1 and address = $2 "
        "and ($3::text[] is null or reason = any($3))",
        business_id,
        address,
        None if reasons is None else list(reasons),
    )
    return bool(done == "DELETE 1")


async def listed(connection: Connection, business_id: int, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that are listed."""
    rows = await connection.fetch(
        "select address from stop_list where business_id = $1 and address = any($2)",
        business_id,
        list(addresses),
    )
    return {row["address"] for row in rows}


async def listed_pairs(
    connection: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], str]:
    """Those of (business, address) that are listed → why."""
    rows = await connection.fetch(
        "select s.business_id, s.address, s.reason from stop_list s "
        "join unnest($1::bigint[], $2::text[]) as g(business_id, address) "
        "using (business_id, address)",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    )
    return {(row["business_id"], row["address"]): row["reason"] for row in rows}
