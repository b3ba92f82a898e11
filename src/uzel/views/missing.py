"""What of the set-up is missing, and what it has cost: things for a person to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from uzel.connectors import connectors
from uzel.flows.review_requests.wish import PURPOSE
from uzel.kit.database import Connection
from uzel.views import mapping_store
from uzel.views import missing_store as store

# Kind of what is missing → the reason for which visits are skipped meanwhile.
REASONS = {"place": "place_unknown", "template": "no_template", "channel": "no_channel"}
# Visits longer ago are not worth coming back to.
WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something to set up.

    kind     place, template, channel (a connection that sends texts), word (a status of the
             connection below that nobody has explained), webhook (the connection below never
             received anything)
    absent   it is missing right now; False: it is there, or cannot be told, but `skipped` visits
             can be processed again
    skipped  visits of the last `WITHIN` that led to nothing for it; of a word, orders
    """

    kind: str
    absent: bool
    skipped: int = 0
    connection_id: int | None = None
    connector: str | None = None
    name: str | None = None
    word: str | None = None

    @property
    def reason(self) -> str | None:
        """For which visits were skipped."""
        return REASONS.get(self.kind)


async def missing(connection: Connection, now: datetime) -> Iterator[Missing]:
    """Everything, in the order in which one would set it up."""
    known = connectors()
    channels = [name for name, one in known.items() if one.channels]
    sources = [name for name, one in known.items() if one.webhook and not one.channels]
    there = await store.there(connection, PURPOSE, channels, sources)
    skipped = await store.skipped(connection, list(REASONS.values()), now - WITHIN)
    parts = [
        Missing(kind, not there[kind], skipped.get(reason, 0)) for kind, reason in REASONS.items()
    ]
    words = [
        Missing("word", True, row["orders"], row["connection_id"], word=row["label"] or row["word"])
        for row in await mapping_store.words_since(connection, now - WITHIN)
    ]
    unseen = [
        Missing("webhook", True, 0, row["id"], row["connector"], row["name"])
        for row in await store.unseen(connection)
    ]
    return (part for part in (*parts, *words, *unseen) if part.absent or part.skipped)
