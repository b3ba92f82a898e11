"""Calls of programs to a CRM, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

FOUND = """
select c.id, c.id as call_id, c.connection_id, c.operation, c.effect, null as message_state,
       c.reference, c.state, c.arguments, c.answer, c.history, c.detail, c.error_class,
       c.decided_by,
       extract(epoch from c.due_at - clock_timestamp())::float8 as due_in_s,
       n.state as connection_state, n.state_reason as connection_reason,
       extract(epoch from k.open_until - clock_timestamp())::float8 as closed_for_s,
       k.reason as closed_because
  from call c
  join connection n on n.id = c.connection_id
  join call_breaker k on k.connection_id = n.id
 where c.effect = $1
"""


async def found(connection: Connection | Pool, effect: str) -> Any:
    """The call with this effect; None if there is none."""
    return await connection.fetchrow(FOUND, effect)


async def arguments_of(connection: Connection, effects: Sequence[str]) -> list[Any]:
    """(operation, arguments) of the calls with these effects."""
    return await connection.fetch(
        "select operation, arguments from call where effect = any($1)", list(effects)
    )
