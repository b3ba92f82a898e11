"""What the last proof of a shop found, as it stands now."""

from collections.abc import Mapping
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views import shops_store as store

GONE, AGAIN, UNMARKED = "missing", "again", "unmarked"


async def as_it_stands(
    connection: Connection | Pool, shop_id: int, found: Mapping[str, Any]
) -> dict[str, Any]:
    """`found` of the task `proof`, with the orders it missed a deal of sorted by what became of
    them since.

    missing   the deal is gone, and no other is made yet
    again     another deal is made
    unmarked  the deal is there, but the order's number is not in it any more
    """
    if not found.get(GONE) or "at" not in found:
        return dict(found)
    states = await store.since_proof(connection, shop_id, found[GONE], found["at"])
    parts = {
        name: [code for code in found[GONE] if states.get(code) == name]
        for name in (GONE, AGAIN, UNMARKED)
    }
    return {**found, **parts}
