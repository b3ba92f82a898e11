"""Fetching orders: each minute the new ones, every ten minutes all of the last fourteen days.

Every version of every order is stored raw before the watermark moves, so an order that cannot be
made into a deal today keeps none from being fetched, and is not fetched for the last time.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from uzel.calls.reach import Reach
from uzel.connections.registry import Active
from uzel.flows.kaspi_orders import order_store, raw, shop_store, task_store
from uzel.kit.body import at, label_of
from uzel.kit.database import Pool

# Where an order can be before it is over; the archive is read when everything is.
OPEN_STATES = ("NEW", "SIGN_REQUIRED", "KASPI_DELIVERY", "DELIVERY", "PICKUP")
ARCHIVE = "ARCHIVE"
# An order may be told late: approved by the bank, moved between pages while they were read.
OVERLAP = timedelta(minutes=30)
LONGEST_WINDOW = timedelta(days=13)
BACK = timedelta(days=14) - timedelta(minutes=1)
MOST_PAGES = 1000
PAGE_SIZE = 100
# Before the digest of a document without the number of its order.
UNREADABLE = "unreadable "


@dataclass(slots=True)
class Found:
    """What a run of fetching brought."""

    orders: int = 0
    changed: int = 0
    new: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """For people."""
        return {"orders": self.orders, "changed": self.changed, "new": self.new[:100]}


class Fetcher:
    """Fetches the orders of one shop. Raises CallFailed, ConfigError."""

    def __init__(self, pool: Pool, reach: Reach, shop: Any, source: Active) -> None:
        self._pool = pool
        self._reach = reach
        self._shop_id: int = shop["id"]
        self._source = source
        self.found = Found()

    async def fetch(self, states: Sequence[str], since: datetime, until: datetime) -> None:
        """All orders in these states that were made in that time."""
        for state in states:
            for begin, end in windows(since, until):
                await self._pages(state, begin, end)

    async def one(self, code: str) -> bool:
        """The order with this number, however old; whether there is one."""
        operation = self._source.connector.operations["order"]
        told_at = await shop_store.stamp(self._pool, self._shop_id)
        answer = await self._reach.ask(self._source, operation, {"code": code})
        document = answer.data["order"]
        if document is not None:
            await self._store([document], told_at)
        return document is not None

    async def _pages(self, state: str, since: datetime, until: datetime) -> None:
        operation = self._source.connector.operations["orders"]
        for page in range(MOST_PAGES):
            arguments = {
                "state": state,
                "since_ms": milliseconds(since),
                "until_ms": milliseconds(until),
                "page": page,
            }
            told_at = await shop_store.stamp(self._pool, self._shop_id)
            answer = await self._reach.ask(self._source, operation, arguments)
            await self._store(answer.data["orders"], told_at)
            if page + 1 >= answer.data["pages"]:
                return

    async def _store(self, documents: Sequence[Any], told_at: datetime) -> None:
        """Keep the versions that are new to us, of those whose buyer's data were deleted without
        them.
        """
        digests = {known_by(document): digest_of(document) for document in documents}
        async with self._pool.acquire() as connection, connection.transaction():
            before = await task_store.seen(connection, self._shop_id, list(digests))
            fresh = {c: digest for c, digest in digests.items() if before.get(c) != digest}
            bare = await order_store.without_customer(connection, self._shop_id, list(fresh))
            bodies = [
                raw.body_of(self._impersonal(it) if known_by(it) in bare else it, told_at)
                for it in documents
                if known_by(it) in fresh
            ]
            await raw.store(connection, self._source.id, bodies)
            await task_store.note_seen(connection, self._shop_id, fresh)
        self.found.orders += len(documents)
        self.found.changed += len(fresh)
        self.found.new += [
            code for code in fresh if code not in before and not code.startswith(UNREADABLE)
        ]

    def _impersonal(self, document: Any) -> Any:
        poll = self._source.connector.poll
        assert poll is not None and poll.impersonal is not None
        return poll.impersonal(document)


def windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time in parts that Kaspi answers for."""
    while since < until:
        end = min(until, since + LONGEST_WINDOW)
        yield since, end
        since = end


def milliseconds(at: datetime) -> int:
    """As Kaspi counts."""
    return int(at.timestamp() * 1000)


def known_by(document: Any) -> str:
    """The number of an order in a document of the marketplace; one without is known by its content,
    so that it is stored once.
    """
    code = label_of(at(document, "data", "attributes", "code"))
    return code or f"{UNREADABLE}{digest_of(document).hex()}"


def digest_of(document: Any) -> bytes:
    """Equal for equal content."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).digest()[:16]


def fetch_from(shop: Any, watermark: datetime | None) -> datetime:
    """Where the fetching of new orders begins."""
    now = datetime.now(UTC)
    begin = watermark - OVERLAP if watermark is not None else shop["since"] - OVERLAP
    return min(max(begin, now - timedelta(days=90)), now - timedelta(seconds=1))
