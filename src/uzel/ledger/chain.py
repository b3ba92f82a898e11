"""A chain over all entries, made beside the posting path, and the proof of the books.

A link covers the entries since the one before it and the digest of that one. So an entry that is
changed, left out or added behind our back breaks the chain from there on. That the end is cut off
shows only to who has noted a seal elsewhere: `Proof.head` is what to note.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from uzel.kit.database import Connection, Pool
from uzel.ledger import chain_store as store

GENESIS = bytes(32)
# What one look shows of each kind of fault.
MOST = 10
# A link of more entries would be one long transaction.
LONGEST_LINK = 50_000

CHECKS: Mapping[str, str] = {
    "unbalanced": store.UNBALANCED,
    "without_postings": store.WITHOUT_POSTINGS,
    "broken_run": store.BROKEN_RUNS,
    "wrong_balance": store.WRONG_BALANCES,
    "wrong_hold_end": store.WRONG_ENDS,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that cannot be.

    kind   unbalanced (an entry does not add up), without_postings, broken_run (a posting does not
           go on where its account's last one stopped), wrong_balance (an account does not stand
           where its postings and holds put it), wrong_hold_end, broken_seal (entries differ from
           what was sealed), other_head (a noted seal is another one), missing_head
    where  the numbers that name the place
    """

    kind: str
    where: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a look at everything found.

    head      `number:digest` of the newest seal, to be noted outside of the database
    unsealed  entries since then
    """

    entries: int
    postings: int
    seals: int
    unsealed: int
    head: str | None
    faults: tuple[Fault, ...]


async def seal(pool: Pool) -> int:
    """Add a link over the entries that have none; how many they were. 0 also where a posting takes
    so long that it is not waited for.
    """
    with contextlib.suppress(asyncpg.LockNotAvailableError):
        async with pool.acquire() as connection:
            async with connection.transaction():
                last = await store.last_entry(connection)
            async with connection.transaction():
                return await add_link(connection, last)
    return 0


async def add_link(connection: Connection, last: int, longest: int = LONGEST_LINK) -> int:
    """Add one over at most `longest` entries up to `last`; how many they were."""
    before = await store.previous(connection)
    after, digest = (before["last_entry_id"], before["digest"]) if before else (0, GENESIS)
    # Counted in entries: what is refused uses up numbers too, so there may be none for long.
    last = await store.end_of_link(connection, after, last, longest)
    if last == after:
        return 0
    entries, digest = await store.link(connection, after, last, digest)
    try:
        await store.add_seal(connection, last, entries, digest)
    except asyncpg.UniqueViolationError:  # another process was faster
        return 0
    return entries


async def verify(
    pool: Pool, noted: str | None = None, progress: Callable[[str, int, int], None] | None = None
) -> Proof:
    """Look at everything. `noted`: a head of earlier, which must still be part of the chain;
    `progress` is told (`seals` or a check, done, of).
    """
    tell = progress or (lambda what, done, of: None)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        faults = []
        for number, (kind, statement) in enumerate(CHECKS.items()):
            tell(kind, number, len(CHECKS))
            found = await store.rows(connection, statement, MOST)
            faults += [Fault(kind, row) for row in found]
        chain = Chain(connection, noted)
        await chain.walk(tell)
        entries, postings = await store.counted(connection)
        unsealed = await store.entries_after(connection, chain.last)
        return Proof(entries, postings, chain.seals, unsealed, chain.head, (*faults, *chain.faults))


class Chain:
    """One walk along the seals."""

    def __init__(self, connection: Connection, noted: str | None) -> None:
        self._connection = connection
        self._noted = noted
        self.seals = self.last = 0
        self.head: str | None = None
        self.faults: list[Fault] = []

    async def walk(self, tell: Callable[[str, int, int], None]) -> None:
        """From the first to the last; after the first break, the rest says nothing."""
        noted_at = None
        digest, of = GENESIS, await store.count_seals(self._connection)
        async for row in store.seals(self._connection):
            self.seals += 1
            tell("seals", self.seals, of)
            if not any(fault.kind == "broken_seal" for fault in self.faults):
                found = await store.link(self._connection, self.last, row["last_entry_id"], digest)
                if found != (row["entries"], row["digest"]):
                    where = {"seal": row["id"], "after": self.last, "last": row["last_entry_id"]}
                    self.faults.append(Fault("broken_seal", where))
            digest, self.last = row["digest"], row["last_entry_id"]
            self.head = f"{row['id']}:{digest.hex()}"
            if self._noted is not None and self._noted.startswith(f"{row['id']}:"):
                noted_at = self.head
        if self._noted is not None and noted_at != self._noted:
            kind = "missing_head" if noted_at is None else "other_head"
            self.faults.append(Fault(kind, {"noted": self._noted, "found": noted_at}))
