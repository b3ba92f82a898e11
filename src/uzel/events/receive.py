"""Group commit of incoming requests: requests that wait at the same time share one commit."""

import asyncio
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg

from uzel.events import store, typed
from uzel.kit import database
from uzel.kit.batch import Batcher
from uzel.kit.secrets import KeyRing

WAKE = "events"
# A job takes so many raw events: large enough to share statements, small enough to share workers.
PER_JOB = 50
MOST_PER_COMMIT = 256
COMMITS_AT_ONCE = 2
# Two commits' worth: at a commit of 256 every ~15 ms that is waiting well under 100 ms; more would
# only make senders wait for an answer they could have had at once.
ROOM = 512
LONGEST_COMMIT_S = 5.0
# After a failure: enough to need room of its own on the disk, not enough to hurt, and not at every
# asking.
PROBE_BYTES = 64 * 1024
PROBE_EVERY_S = 2.0
DIGEST_BYTES = 16


class Raw(NamedTuple):
    """An incoming request as it is stored. `headers` is JSON text without secrets. `secrets`: what
    was masked in the body and is still needed; it goes into the vault.
    """

    connection_id: int
    digest: bytes
    remote_addr: str | None
    query: str
    headers: str
    body: bytes
    secrets: tuple[str, ...] = ()


COLUMNS = Raw._fields.index("secrets")


@dataclass(slots=True)
class Trouble:
    """The last commit failed: with what (only its kind: the error itself holds on to the bodies of
    a whole batch), and whose request was in it. `ask_again_at` is monotonic time.
    """

    kind: type[Exception]
    connection_id: int
    ask_again_at: float


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

    def __init__(self, pool: database.Pool, ring: KeyRing | None = None) -> None:
        """`ring`: needed where connectors keep secrets, see `Webhook.redact`."""
        self._pool = pool
        self._ring = ring
        self._batcher: Batcher[Raw, int | None] = Batcher(
            self._commit, most=MOST_PER_COMMIT, at_once=COMMITS_AT_ONCE, room=ROOM
        )
        self._trouble: Trouble | None = None

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

    async def trouble(self) -> type[Exception] | None:
        """Why requests cannot be stored, as far as is known: what the last commit failed with. Then
        something is stored by way of trial and undone, or nobody would ever learn that all is well
        again where no requests come because of it.
        """
        known = self._trouble
        if known is None or time.monotonic() < known.ask_again_at:
            return known.kind if known else None
        known.ask_again_at = time.monotonic() + PROBE_EVERY_S
        try:
            await self._try_out(known.connection_id)
        except asyncpg.ForeignKeyViolationError:
            pass  # the connection is gone, but the row was written before that was noticed
        except Exception as error:  # noqa: BLE001  the answer to what was asked
            known.kind = type(error)
            return known.kind
        if self._trouble is known:
            self._trouble = None
        return None

    async def _try_out(self, connection_id: int) -> None:
        body = os.urandom(PROBE_BYTES)
        raw = Raw(connection_id, digest_of("", body), None, "", "{}", body)
        async with self._pool.acquire(timeout=LONGEST_COMMIT_S) as connection:
            attempt = connection.transaction()
            await attempt.start()
            try:
                async with asyncio.timeout(LONGEST_COMMIT_S):
                    await store.receive(
                        connection, [[part] for part in raw[:COLUMNS]], PER_JOB, WAKE
                    )
            finally:
                await attempt.rollback()

    async def close(self) -> None:
        """Finish what was begun."""
        await self._batcher.close()

    async def _commit(self, batch: Sequence[Raw]) -> Sequence[int | Exception | None]:
        """Store a batch. One that the database refuses for its content (which no check of ours
        foresaw) is stored one by one, so that it costs no neighbour.
        """
        try:
            ids = await self._commit_together(batch)
        except asyncpg.DataError as error:
            if len(batch) == 1:
                return [error]
            return [answer for raw in batch for answer in await self._commit([raw])]
        except Exception as error:
            self._trouble = Trouble(type(error), batch[0].connection_id, time.monotonic())
            raise
        self._trouble = None
        return ids

    async def _commit_together(self, batch: Sequence[Raw]) -> Sequence[int | None]:
        columns = list(zip(*(raw[:COLUMNS] for raw in batch), strict=True))
        async with self._pool.acquire(timeout=LONGEST_COMMIT_S) as connection:
            try:
                async with asyncio.timeout(LONGEST_COMMIT_S):
                    if any(raw.secrets for raw in batch):
                        rows = await self._with_secrets(connection, columns, batch)
                    else:
                        rows = await store.receive(connection, columns, PER_JOB, WAKE)
            except TimeoutError:
                # Giving the connection back would wait until a database that hangs has taken note.
                connection.terminate()
                raise
        # Of several equal requests in one batch the first takes the id.
        new = {(row[1], row[2]): row[0] for row in rows}
        return [new.pop((raw.connection_id, raw.digest), None) for raw in batch]

    async def _with_secrets(
        self, connection: database.Connection, columns: Sequence[Any], batch: Sequence[Raw]
    ) -> list[Any]:
        """The same, and what was masked in those that are new goes into the vault."""
        assert self._ring is not None
        secrets = {(raw.connection_id, raw.digest): raw.secrets for raw in batch if raw.secrets}
        async with connection.transaction():
            rows = await store.receive(connection, columns, PER_JOB, WAKE)
            for number, connection_id, digest in rows:
                numbers = secrets.get((connection_id, digest), ())
                await typed.keep(connection, self._ring, number, numbers)
        return rows
