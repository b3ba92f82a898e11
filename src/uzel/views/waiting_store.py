"""What keeps planned messages waiting, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Pool

# `detail` of a planned call that met no error is why the guard put it off.
WAITING = """
select m.id, m.purpose, m.polite, m.not_after, c.due_at, c.error_class, c.detail,
       n.state as connection_state, n.state_reason as connection_reason,
       k.open_until, k.reason as closed_because, coalesce(p.time_zone, b.time_zone) as zone,
       b.rules::text as business_rules, nullif(p.rules, '{}')::text as place_rules
  from message m
  join call c on c.effect = 'message:' || m.id
  join connection n on n.id = m.connection_id
  join call_breaker k on k.connection_id = m.connection_id
  join business b on b.id = m.business_id
  left join place p on p.id = m.place_id
 where m.id = any($1::bigint[]) and m.state = 'planned' and c.state = 'planned'
"""


async def waiting(pool: Pool, ids: Sequence[int]) -> list[Any]:
    """Those of the messages that wait, with what decides when they leave; see WAITING."""
    return await pool.fetch(WAITING, list(ids))
