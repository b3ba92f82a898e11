"""The stop-list in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection

# When it was said last is kept whatever the reason: a wish to resume has to be newer. That it was
# said in two ways is kept too: who takes back one of them has not taken back the other.
ADD = """
insert into stop_list as s (business_id, address, reason, source, note, said_at, connection_id)
select $1, address, $3, $4, $5, least($7::timestamptz, now()), $8::int
  from unnest($2::text[]) as g(address)
on conflict (business_id, address) do update
   set said_at = greatest(s.said_at, excluded.said_at),
       confirmed = s.confirmed or (s.reason, s.connection_id)
                   is distinct from (excluded.reason, excluded.connection_id),
       (reason, source, note, created_at, connection_id) = (
           select excluded.reason, excluded.source, excluded.note, excluded.created_at,
                  excluded.connection_id where s.reason = any($6::text[])
           union all
           select s.reason, s.source, s.note, s.created_at, s.connection_id
            where s.reason <> all($6::text[]))
returning xmax = 0 as is_new
"""


async def add(
    connection: Connection,
    business_id: int,
    addresses: Sequence[str],
    why: tuple[str, str, str | None],
    weaker: Sequence[str],
    said_at: datetime | None,
    connection_id: int | None,
) -> int:
    """List addresses. why: (reason, source, note); who is listed already keeps theirs, unless the
    reason is one of the `weaker` ones. said_at: None for now. Returns how many are new.
    """
    rows = await connection.fetch(
        ADD, business_id, list(addresses), *why, list(weaker), said_at, connection_id
    )
    return sum(row["is_new"] for row in rows)


async def recipient(connection: Connection, message_id: int) -> Any:
    """(business_id, connection_id, address, phone) of a message."""
    return await connection.fetchrow(
        "select business_id, connection_id, address, phone from message where id = $1", message_id
    )


async def remove(
    connection: Connection,
    business_id: int,
    address: str,
    reasons: Sequence[str] | None = None,
    said_before: datetime | None = None,
    only_by: int | None = None,
) -> bool:
    """Take an address off the list, if it is there for one of the reasons and was last put there
    before a moment; None: for any, whenever. only_by: if this connection alone put it there.
    """
    done = await connection.execute(
        "delete from stop_list where business_id = $1 and address = $2 "
        "and ($3::text[] is null or reason = any($3)) "
        "and ($4::timestamptz is null or said_at < $4) "
        "and ($5::int is null or connection_id = $5 and not confirmed)",
        business_id,
        address,
        None if reasons is None else list(reasons),
        said_before,
        only_by,
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
