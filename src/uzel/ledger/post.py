"""Groups of commands, each group in one transaction: its own, or that of the business rows beside.

verdicts = await post(connection, [Post(...), Hold(...)])      inside a transaction of yours
verdict = await Ledger(pool).submit(Post(...))                 together with whoever else waits
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import asyncpg

from uzel.kit.batch import Batcher
from uzel.kit.database import Connection, Pool
from uzel.ledger import store
from uzel.ledger.command import Command, End, Hold, How, Leg, Post, Standing, Verdict
from uzel.ledger.judge import Ground, Judge, KnownEntry, KnownHold

MOST_AT_ONCE = 256


class Ledger:
    """Commands that wait at the same time share one commit, with a verdict each."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        # Two at once would wait for each other's locks.
        self._batcher: Batcher[Command, Verdict] = Batcher(
            self._flush, most=MOST_AT_ONCE, at_once=1
        )

    async def submit(self, command: Command) -> Verdict:
        """Do it; raises batch.Full where too many wait, and what the database raises."""
        return await self._batcher.submit(command)

    async def close(self) -> None:
        await self._batcher.close()

    async def _flush(self, commands: Sequence[Command]) -> list[Verdict | Exception]:
        try:
            return list(await self._post(commands))
        except asyncpg.UniqueViolationError:
            # Another process has just made one of them, on other accounts: now it is seen.
            return list(await self._post(commands))

    async def _post(self, commands: Sequence[Command]) -> list[Verdict]:
        async with self._pool.acquire() as connection, connection.transaction():
            return await post(connection, commands)


async def post(connection: Connection, commands: Sequence[Command]) -> list[Verdict]:
    """Do what can be done, in this order; a verdict each. To be called in a transaction, whose end
    makes all of it real at once.
    """
    accounts = await accounts_of(connection, commands)
    wishes = sum(isinstance(it, Hold) for it in commands)
    rows, free = await store.lock(connection, accounts, len(commands) - wishes, wishes)
    at = max((free["posted_at"], *(row["posted_at"] for row in rows)))
    ground = await read_ground(connection, rows, commands, at)
    judge = Judge(ground, iter(free["entries"]), iter(free["holds"]))
    verdicts = judge.judge(commands)
    if not judge.writing.is_empty:
        balances = [
            (account, standing.posted_minor, standing.held_minor, ground.versions[account])
            for account in sorted(judge.writing.touched)
            for standing in [ground.standings[account]]
        ]
        await store.write(connection, judge.writing, balances, at)
    return verdicts


async def accounts_of(connection: Connection, commands: Sequence[Command]) -> list[int]:
    """Every account that a group may touch, in the order of locking."""
    found: set[int] = set()
    ends = []
    for command in commands:
        if isinstance(command, Hold):
            found.add(command.account)
        elif post := command if isinstance(command, Post) else command.post:
            found.update(leg.account for leg in post.legs)
        if isinstance(command, End):
            ends.append(command.hold)
    if ends:
        found.update(await store.accounts_of_holds(connection, ends))
    return sorted(found)


async def read_ground(
    connection: Connection, rows: Sequence[Any], commands: Sequence[Command], at: Any
) -> Ground:
    """What the group is judged by."""
    ground = Ground(
        {row["account_id"]: (row["book"], row["currency"]) for row in rows},
        {
            row["account_id"]: Standing(row["posted_minor"], row["held_minor"], row["floor_minor"])
            for row in rows
        },
        {row["account_id"]: row["version"] for row in rows},
    )
    posts = [it if isinstance(it, Post) else it.post for it in commands if not isinstance(it, Hold)]
    origins = [it.origin for it in posts if it is not None]
    reverses = [it.reverses for it in posts if it is not None and it.reverses is not None]
    if origins:
        know_entries(ground, await store.entries(connection, origins, reverses))
    ends = [it.hold for it in commands if isinstance(it, End)]
    wishes = [it.origin for it in commands if isinstance(it, Hold)]
    if ends or wishes:
        know_holds(ground, await store.holds(connection, ends, wishes, at))
    return ground


def know_entries(ground: Ground, rows: Sequence[Any]) -> None:
    """Add what the database knows; rows of one entry stand together."""
    for number, some in groupby(rows, key=lambda row: row["id"]):
        legs = list(some)
        known = KnownEntry(
            number, tuple(Leg(row["account_id"], row["amount_minor"]) for row in legs)
        )
        ground.entries[legs[0]["origin"]] = ground.by_number[number] = known
        if legs[0]["reverses_id"] is not None:
            ground.reversed.add(legs[0]["reverses_id"])


def know_holds(ground: Ground, rows: Sequence[Any]) -> None:
    """Add what the database knows."""
    for row in rows:
        how = How(row["how"]) if row["how"] else None
        known = KnownHold(
            row["id"], row["account_id"], row["amount_minor"], row["expired"], how, row["entry_id"]
        )
        ground.holds[known.id] = ground.held[row["origin"]] = known
