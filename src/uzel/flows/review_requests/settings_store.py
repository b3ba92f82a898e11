"""What businesses set up, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection

VERSIONS = """
select b.id, b.xmin::text,
       (select string_agg(p.id || ':' || p.xmin::text, ',' order by p.id) from place p
         where p.business_id = b.id),
       (select count(*) || ':' || max(t.xmin::text::bigint) from template t
         where t.business_id = b.id)
  from business b where b.id = any($1)
"""


async def versions(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    """Business → what changes whenever its row, a place or a text of it does. By the transactions
    that wrote them: of two changes the one with the earlier time may be committed last.
    """
    rows = await connection.fetch(VERSIONS, list(ids))
    return {row["id"]: tuple(row) for row in rows}


async def businesses(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """(id, rules as JSON text)."""
    return await connection.fetch(
        "select id, rules::text as rules from business where id = any($1)", list(ids)
    )


async def places(connection: Connection, business_ids: Sequence[int]) -> list[Any]:
    """Places with what their rules are made of, the oldest first."""
    return await connection.fetch(
        "select p.business_id, p.id, p.name, p.source_ref, coalesce(p.time_zone, b.time_zone) as "
        "zone, b.rules::text as business_rules, nullif(p.rules, '{}')::text as place_rules "
        "from place p join business b on b.id = p.business_id where p.business_id = any($1) "
        "order by p.id",
        list(business_ids),
    )


async def texts(connection: Connection, business_ids: Sequence[int]) -> list[Any]:
    """The templates in use: the newest of each purpose, channel, place and variant."""
    return await connection.fetch(
        "select distinct on (business_id, purpose, channel, place_id, variant) business_id, id, "
        "purpose, channel, place_id, variant, weight, body, subject, approved from template "
        "where business_id = any($1) "
        "order by business_id, purpose, channel, place_id, variant, id desc",
        list(business_ids),
    )
