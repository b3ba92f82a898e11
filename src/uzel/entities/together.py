"""How many share a call, and how long the first waits for company."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from uzel.entities import store
from uzel.kit.database import Connection

# As many as amoCRM recommends for one request.
MOST_TOGETHER = 50
# Searches under way for one CRM: enough to keep its allowance in use, few enough that what is made
# of their results does not queue up behind them.
SEARCHES = 30
# What is ready waits so long for company.
HOLD_S = 8.0
# Before a call leaves, by the clocks of two machines.
CLOCKS_APART_S = 120


def since() -> int:
    """For look-ups: nothing that a call makes from now on is older (epoch seconds)."""
    return int(time.time()) - CLOCKS_APART_S


async def to_make(
    connection: Connection, crm_id: int, catalog_id: int, counts: Mapping[str, int]
) -> tuple[int, Sequence[Any]]:
    """(batch, those that are made by one call now): a full one, or what has waited long enough, or
    all if nobody else can come.
    """
    if not counts.get("absent"):
        return 0, []
    found = await store.absent(connection, crm_id, catalog_id)
    others = counts.get("wanted", 0) + counts.get("searching", 0)
    most = min(MOST_TOGETHER, found["together"])
    if others and found["count"] < most and found["age_s"] < HOLD_S:
        return 0, []
    batch = await store.next_batch(connection)
    step = ("absent", "creating")
    return batch, await store.take_all(connection, crm_id, catalog_id, step, most, most, batch)
