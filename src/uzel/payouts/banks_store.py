"""The banks that a provider of payouts can send to, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

KEEP = """
with told as (
    select * from unnest($2::text[], $3::text[], $4::text[]) as t (member_id, name, bic)
), gone as (
    update payout_bank set gone_at = clock_timestamp()
     where connection_id = $1 and gone_at is null
       and member_id not in (select member_id from told)
    returning member_id
), kept as (
    insert into payout_bank as b (connection_id, member_id, name, bic)
    select $1, member_id, name, bic from told
    on conflict (connection_id, member_id) do update
       set name = excluded.name, bic = excluded.bic, gone_at = null
     where (b.name, b.bic) is distinct from (excluded.name, excluded.bic) or b.gone_at is not null
    returning (xmax = 0) as new
)
select (select count(*) from kept where new) as added, (select count(*) from gone) as gone
"""


async def members(connection: Connection | Pool, connection_id: int) -> list[Any]:
    """(member_id, name, bic, first_seen_at, gone_at) of all that ever were, by name."""
    return await connection.fetch(
        "select member_id, name, bic, first_seen_at, gone_at from payout_bank "
        "where connection_id = $1 order by name, member_id",
        connection_id,
    )


async def keep(
    connection: Connection, connection_id: int, banks: Sequence[tuple[str, str, str | None]]
) -> Any:
    """(member_id, name, bic) of the whole list: (added, gone)."""
    ids, names, bics = zip(*banks, strict=True)
    return await connection.fetchrow(KEEP, connection_id, list(ids), list(names), list(bics))
