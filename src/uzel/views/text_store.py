"""Texts in use, their earlier versions, and how many guests opened the link in each."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

# Click rates are those of the newest messages of the installation: as many as can be looked
# through while somebody waits for the page, whatever the size of the table.
WINDOW = 20_000
MOST_VERSIONS = 20

IN_USE = """
select distinct on (t.purpose, t.channel, t.place_id, t.variant) t.id, t.purpose, t.channel,
       t.place_id, p.name as place, t.variant, t.weight, t.body, t.subject, t.approved,
       t.created_at
  from template t left join place p on p.id = t.place_id
 where t.business_id = $1
 order by t.purpose, t.channel, t.place_id nulls first, t.variant, t.id desc
"""

# Who clicked has received it, with or without a receipt. A click belongs to what was sent before
# it: after a reminder, to the reminder. Versions that say the same count together.
RATES = f"""
with newest as (
    select id, template_id, purpose, origin, state, created_at, business_id from message
     order by id desc limit {WINDOW}
), seen as (
    select m.template_id, m.state = 'delivered' as delivered, m.created_at,
           coalesce(r.clicked_at >= m.created_at and (m.purpose = 'review_reminder'
                    or r.reminded_at is null or r.clicked_at < r.reminded_at), false) as clicked
      from newest m
      left join review_request r
        on r.id = substring(m.origin from '^review_re[a-z]+:([0-9]{{1,18}})')::bigint
     where m.business_id = $1 and m.template_id is not null
)
select u.id, count(*) filter (where s.delivered or s.clicked) as delivered,
       count(*) filter (where s.clicked) as clicked, min(s.created_at) as since
  from seen s
  join template v on v.id = s.template_id
  join ({IN_USE}) u
    on (u.purpose, u.channel, u.variant, u.body) = (v.purpose, v.channel, v.variant, v.body)
   and u.place_id is not distinct from v.place_id and u.subject is not distinct from v.subject
   and u.approved is not distinct from v.approved
 group by u.id
"""  # noqa: S608


VERSIONS = f"""
select id, body, subject, weight, created_at from template
 where business_id = $1 and purpose = $2 and channel = $3 and place_id is not distinct from $4
   and variant = $5
 order by id desc limit {MOST_VERSIONS}
"""  # noqa: S608


async def in_use(connection: Connection | Pool, business_id: int) -> list[Any]:
    """The newest text of each purpose, channel, place (null: all without their own) and variant,
    retired ones included.
    """
    return await connection.fetch(IN_USE, business_id)


async def rates(pool: Pool, business_id: int) -> dict[int, Any]:
    """Text in use → (delivered, clicked, since), of the newest WINDOW messages."""
    return {row["id"]: row for row in await pool.fetch(RATES, business_id)}


async def versions(pool: Pool, business_id: int, key: Sequence[Any]) -> list[Any]:
    """(id, body, subject, weight, created_at) of the newest versions of one text; `key` is its
    (purpose, channel, place, variant).
    """
    return await pool.fetch(VERSIONS, business_id, *key)
