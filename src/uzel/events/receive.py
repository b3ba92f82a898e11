"""Group commit of incoming requests: requests that wait at the same time share one commit."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from uzel.events import store
from uzel.kit import database
from uzel.kit.batch import Batcher

WAKE = "events"
# A job takes so many raw events: large enough to share statements, small enough to share workers.
PER_JOB = 50
MOST_PER_COMMIT = 256
COMMITS_AT_ONCE = 2
# Two commits' worth: at a commit of 256 every ~15 ms that is waiting well under 100 ms; more would
# only make senders wait for an answer they could have had at once.
ROOM = 512
LONGEST_COMMIT_S = 5.0
DIGEST_BYTES = 16


class Raw(NamedTuple):
    """An incoming request as it is stored. `headers` is JSON text without secrets."""

    connection_id: int
    digest: bytes
    remote_addr: str | None
    query: str
    headers: str
    body: bytes


def digest_of(query: str, body: bytes) -> bytes:
    """What makes two requests of one connection the same one: method and path are fixed, so query
    and body.
    """
    # The query's own hash, or the end of one would pass for the beginning of the other.
    digest = hashlib.sha256(hashlib.sha256(query.encode()).digest() if query else b"")
    digest.update(body)
    return digest.digest()[:DIGEST_BYTES]


class Receiver:
    """Stores requests durably; `store` returns after the commit."""

    def __init__(self, pool: database.Pool) -> None:
        self._pool = pool
        self._batcher: Batcher[Raw, int | None] = Batcher(
            self._commit, most=MOST_PER_COMMIT, at_once=COMMITS_AT_ONCE, room=ROOM
        )

    @property
    def full(self) -> bool:
        """Whether `store` would raise batch.Full."""
        return self._batcher.waiting >= ROOM

    @property
    def waiting(self) -> int:
        """Requests that wait for a commit to begin."""
        return self._batcher.waiting

    def store(self, raw: Raw) -> "asyncio.Future[int | None]":
        """Store one request: its id if it is new, None if it is a duplicate. Raises batch.Full,
        what a lost database raises, or asyncpg.DataError for what no database takes.
        """
        return self._batcher.submit(raw)

    async def close(self) -> None:
        """Finish what was begun."""
        await self._batcher.close()

    async def _commit(self, batch: Sequence[Raw]) -> Sequence[int | Exception | None]:
        """Store a batch. One that the database refuses for its content (which no check of ours
        foresaw) is stored one by one, so that it costs no neighbour.
        """
        try:
            return await self._commit_together(batch)
        except asyncpg.DataError as error:
            if len(batch) == 1:
                return [error]
            return [answer for raw in batch for answer in await self._commit([raw])]

    async def _commit_together(self, batch: Sequence[Raw]) -> Sequence[int | None]:
        columns = list(zip(*batch, strict=True))
        async with self._pool.acquire(timeout=LONGEST_COMMIT_S) as connection:
            try:
                async with asyncio.timeout(LONGEST_COMMIT_S):
                    rows = await store.receive(connection, columns, PER_JOB, WAKE)
            except TimeoutError:
                # Giving the connection back would wait until a database that hangs has taken note.
                connection.terminate()
                raise
        # Of several equal requests in one batch the first takes the id.
        new = {(row[1], row[2]): row[0] for row in rows}
        return [new.pop((raw.connection_id, raw.digest), None) for raw in batch]
