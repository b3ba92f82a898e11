"""Places that sources speak of and nobody has set up."""

from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.kit.database import Pool
from uzel.views.query_store import id_at

WITHIN = timedelta(days=7)
# Visits looked through, and references told of.
MOST_VISITS, MOST_TOLD = 2000, 20

STRANGERS = f"""
select n.connector, e.data ->> 'place' as reference, count(*) as visits
  from (select connection_id, data from event
         where reason = 'place_unknown' and id >= $2 order by id desc limit {MOST_VISITS}) e
  join connection n on n.id = e.connection_id
 where n.business_id = $1 and e.data ->> 'place' is not null
 group by 1, 2 order by 3 desc, 1, 2 limit {MOST_TOLD}
"""  # noqa: S608


async def strangers(pool: Pool, business_id: int) -> list[Any]:
    """(connector, reference, visits) of places whose visits were skipped within a week because no
    place of the business has this reference.
    """
    low = await id_at(pool, "event", "created_at", datetime.now(UTC) - WITHIN)
    return [] if low is None else await pool.fetch(STRANGERS, business_id, low)
