"""Group commit of incoming requests: requests that wait at the same time share one commit."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from uzel.events import store
from uzel.jobs.queue import enqueue
from uzel.kit import database
from uzel.kit.batch import Batcher

WAKE = "events"
# A job takes so many raw events: large enough to share statements, small enough to share workers.
PER_JOB = 50
MOST_PER_COMMIT = 256
COMMITS_AT_ONCE = 2
# With a commit of 256 every ~15 ms this much waiting is well under 100 ms; more would only make
# providers wait for an answer they could have had at once.
ROOM = 1024
LONGEST_COMMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Raw:
    """An incoming request as it is stored. `headers` is JSON text without secrets."""

    connection_id: int
    received_at: datetime
    remote_addr: str | None
    request_id: str
    query: str
    headers: str
    body: bytes

    @property
    def digest(self) -> bytes:
        """What makes two requests of one connection the same request: method and place are fixed,
        so query and body.
        """
        return hashlib.blake2b(self.query.encode() + b"\0" + self.body, digest_size=16).digest()


class Receiver:
    """Stores requests durably; `store` returns after the commit."""

    def __init__(self, pool: database.Pool) -> None:
        self._pool = pool
        self._batcher: Batcher[Raw, bool] = Batcher(
            self._commit, most=MOST_PER_COMMIT, at_once=COMMITS_AT_ONCE, room=ROOM
        )

    @property
    def full(self) -> bool:
        """Whether `store` would raise batch.Full."""
        return self._batcher.waiting >= ROOM

    def store(self, raw: Raw) -> "asyncio.Future[bool]":
        """Store one request: True if new, False if it is a duplicate. Raises batch.Full, or
        what a lost database raises.
        """
        return self._batcher.submit(raw)

    async def close(self) -> None:
        """Finish what was begun."""
        await self._batcher.close()

    async def _commit(self, batch: Sequence[Raw]) -> Sequence[bool]:
        """Store a batch. One that the database refuses for its content (which no check of ours
        foresaw) is stored one by one, so that it costs no neighbour.
        """
        try:
            return await self._commit_together(batch)
        except asyncpg.DataError:
            if len(batch) == 1:
                raise
            return [(await self._commit_together([raw]))[0] for raw in batch]

    async def _commit_together(self, batch: Sequence[Raw]) -> Sequence[bool]:
        digests = [raw.digest for raw in batch]
        columns: list[list[Any]] = [
            [raw.connection_id for raw in batch],
            digests,
            [raw.received_at for raw in batch],
            [raw.remote_addr for raw in batch],
            [raw.request_id for raw in batch],
            [raw.query for raw in batch],
            [raw.headers for raw in batch],
            [raw.body for raw in batch],
        ]
        async with (
            asyncio.timeout(LONGEST_COMMIT_S),
            self._pool.acquire() as connection,
            connection.transaction(),
        ):
            rows = await store.receive(connection, columns)
            ids = [row["id"] for row in rows]
            for start in range(0, len(ids), PER_JOB):
                await enqueue(connection, WAKE, ids[start : start + PER_JOB])
        new = {(row["connection_id"], row["digest"]) for row in rows}
        return [
            self._is_first(new, raw.connection_id, d) for raw, d in zip(batch, digests, strict=True)
        ]

    @staticmethod
    def _is_first(new: set[tuple[int, bytes]], connection_id: int, digest: bytes) -> bool:
        """Of several equal requests in one batch one is new."""
        found = (connection_id, digest) in new
        new.discard((connection_id, digest))
        return found
