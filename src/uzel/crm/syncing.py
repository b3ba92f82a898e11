"""What has changed since a moment: so that a program can keep up with a registry.

Records are written while others are read, so what was written in the last seconds is told again the
next time; a program that takes the same twice is no worse for it, one that misses something is. A
record that comes with large files, or is one of thousands in a merge, is written long before it is
seen: nothing is settled that such a transaction may yet have written.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from uzel.crm import record_store as store
from uzel.crm.record import Record
from uzel.kit.database import Pool

BATCH = 100
# Longer than any transaction that writes a record takes to be known as one.
SETTLED_S = 5
LATEST = 2**31


@dataclass(frozen=True, slots=True)
class Changed:
    """`until`: seconds since 1970, to be asked from the next time. `deleted` are numbers."""

    updated: list[Record]
    deleted: list[Record]
    more: bool
    until: int


async def changed_since(
    pool: Pool, business_id: int, modules: Sequence[str], since: int, settled_s: int = SETTLED_S
) -> Changed:
    """Records written in this second or later, the longest ago first: some hundred, but always all
    of one second.
    """
    since = min(max(since, 0), LATEST)
    settled = int(time.time()) - settled_s
    begun = await store.writing_since(pool)
    settled = settled if begun is None else min(settled, begun)
    rows = await store.changed_since(pool, business_id, modules, moment(since), BATCH + 1)
    more = len(rows) > BATCH
    until = since
    if rows:
        last = int(rows[min(len(rows), BATCH) - 1]["modified_at"].timestamp())
        if more:
            rows = await store.changed_between(
                pool, business_id, modules, moment(since), moment(last + 1)
            )
        until = last + 1
    until = max(since, min(until, settled))
    return Changed(
        [Record.of(row) for row in rows if row["deleted_at"] is None],
        [Record.of(row) for row in rows if row["deleted_at"] is not None],
        more and until > since,
        until,
    )


def moment(second: int) -> Any:
    """The beginning of a second since 1970."""
    return datetime.fromtimestamp(second, UTC)
