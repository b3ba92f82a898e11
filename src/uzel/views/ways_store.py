"""The routes of messages, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Pool

# All messages of the chains, in order; what is left of a route hangs on the last of them.
CHAINS = """
select split_part(m.origin, '#', 1) as first, m.id, m.hop, m.channel, m.address, m.state,
       m.state_reason, m.route, m.next_hops is not null as more, m.escalate_at
  from message m
 where m.origin = any(array(
       select o || case when h = 0 then '' else '#' || h end
         from unnest($1::text[]) o, generate_series(0, 9) h))
 order by 1, m.hop
"""


async def chains(pool: Pool, origins: Sequence[str]) -> list[Any]:
    """The messages that stand in for each other, for these first origins; see CHAINS."""
    return await pool.fetch(CHAINS, list(origins))
