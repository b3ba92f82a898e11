"""One message with its call, in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool

FOUND = """
select m.id, m.connection_id, m.state as message_state, m.cost_minor, m.currency,
       coalesce(m.reference, c.reference) as reference,
       c.id as call_id, c.state, c.arguments, c.history, c.detail, c.error_class, c.decided_by,
       extract(epoch from c.due_at - clock_timestamp())::float8 as due_in_s,
       n.state as connection_state, n.state_reason as connection_reason,
       extract(epoch from k.open_until - clock_timestamp())::float8 as closed_for_s,
       k.reason as closed_because
  from message m
  join call c on c.effect = 'message:' || m.id
  join connection n on n.id = m.connection_id
  join call_breaker k on k.connection_id = m.connection_id
 where m.origin = $1
"""


async def found(connection: Connection | Pool, origin: str) -> Any:
    """The message of this origin with its call; None if there is none."""
    return await connection.fetchrow(FOUND, origin)
