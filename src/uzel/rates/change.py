"""New versions of a rate, and the second person's word on those that move it far.

All of this is called in a transaction, whose end makes it real. Versions of one pair come one after
the other; whoever changes several pairs in one transaction goes by the order of `Pair.key`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from uzel.kit.database import Connection
from uzel.rates import store
from uzel.rates.pair import (
    ADMIN,
    BANKS,
    SOURCES,
    Pair,
    Rate,
    RateMissing,
    RateRefused,
    Why,
    checked,
    checked_value,
    move,
)
from uzel.rates.policy import ADDING_UP, FARTHEST, Policy, policy
from uzel.rates.read import rate_of

# A name as a shell gives it, once or more.
SHELL = re.compile(r"^(\s*command:)+", re.IGNORECASE)


class State(StrEnum):
    """Of a version: in force (or will be, from the day a bank set it for), waiting for a person,
    refused by one or because a newer one was there.
    """

    ACTIVE = "active"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of a proposal.

    move      by which part it lies away from what was in force; None: nothing was
    doubt     why it waits, see `read.Waiting`
    repeated  the bank had said so before; nothing was written
    """

    version: int
    state: State
    move: Decimal | None = None
    doubt: str | None = None
    repeated: bool = False


async def propose(
    connection: Connection,
    pair: Pair,
    value: Decimal,
    *,
    by: str,
    source: str = ADMIN,
    source_date: date | None = None,
    nominal: int = 1,
) -> Proposed:
    """One `pair.base` costs `value` of `pair.quote`. It comes into force at once, a bank's at the
    beginning of its day there; where it moves too far away from what was in force, or from what was
    a day ago, it waits for a second person. The first rate of a pair has nothing to move from.

    by       who enters it; of a bank's, through what it came
    nominal  for how many units the source writes it, for people only

    Raises RateRefused for what can be no rate.
    """
    checked(pair)
    checked_value(value)
    demand(connection, by, source, source_date)
    await store.lock(connection, pair.key)
    known = await said_before(connection, pair, value, source, source_date)
    if known is not None:
        return known
    set_now = await policy(connection)
    olds = await references(connection, pair, source, set_now)
    moved = max((move(old, pair, value) for old in olds), default=None)
    doubt = await doubt_of(connection, pair, value, source, source_date, moved, set_now)
    version = await store.add(
        connection,
        base=pair.base,
        quote=pair.quote,
        value=value,
        nominal=nominal,
        source=source,
        source_date=source_date,
        valid_from=begin_of(source, source_date),
        by=by,
        move=moved,
        doubt=doubt,
    )
    return Proposed(version, await settle(connection, version, doubt), moved, doubt)


async def said_before(
    connection: Connection, pair: Pair, value: Decimal, source: str, source_date: date | None
) -> Proposed | None:
    """What became of the same word of a bank when it said it first."""
    if source == ADMIN or source_date is None:
        return None
    row = await store.known(connection, source, source_date, pair.base, pair.quote, value)
    if row is None:
        return None
    state = State(row["outcome"] or State.WAITING)
    return Proposed(row["id"], state, row["move"], row["doubt"], repeated=True)


async def end(connection: Connection, pair: Pair, *, by: str) -> int:
    """Take back what people have entered of a pair, either way round, from now on; the number of
    the version that says so. A bank's rate is used again where there is one. Raises RateMissing.
    """
    demand(connection, by, ADMIN, None)
    await store.lock(connection, checked(pair).key)
    rows = await store.in_force(connection, [pair.key], [ADMIN])
    if not rows or rows[0]["value"] is None:
        raise RateMissing(pair)
    version = await store.add(
        connection,
        base=rows[0]["base"],
        quote=rows[0]["quote"],
        value=None,
        nominal=1,
        source=ADMIN,
        source_date=None,
        valid_from=None,
        by=by,
        move=None,
        doubt=None,
    )
    await store.activate(connection, version)
    return version


async def approve(connection: Connection, version: int, *, by: str) -> datetime:
    """Bring a version into force that waits; from when on it is. Raises RateRefused: UNKNOWN,
    DECIDED, SAME_PERSON (who entered it), SUPERSEDED (a newer one is in force).
    """
    row = await waiting_one(connection, version, by)
    if is_same_person(row["entered_by"], by):
        said = f"{login_of(by)} has entered it; somebody else has to approve it"
        raise RateRefused(Why.SAME_PERSON, said)
    if await store.is_superseded(connection, version):
        raise RateRefused(Why.SUPERSEDED, f"a newer rate of {row['pair']} is in force; refuse it")
    return await store.activate(connection, version, by)


async def refuse(
    connection: Connection, version: int, *, by: str, reason: str | None = None
) -> None:
    """Have a version that waits never come into force; who entered it may do that, too. Raises
    RateRefused: UNKNOWN, DECIDED.
    """
    await waiting_one(connection, version, by)
    await store.refuse(connection, version, by, reason)


async def waiting_one(connection: Connection, version: int, by: str) -> Any:
    """A version that waits, with its pair locked."""
    demand(connection, by, ADMIN, None)
    row = await store.one(connection, version)
    if row is None:
        raise RateRefused(Why.UNKNOWN, f"there is no rate {version}")
    await store.lock(connection, row["pair"])
    row = await store.one(connection, version)
    if row["outcome"] is not None:
        told = "in force since" if row["outcome"] == State.ACTIVE else "refused"
        when = f"{row['decided_at']:%Y-%m-%d %H:%M} UTC"
        raise RateRefused(Why.DECIDED, f"rate {version} is decided: {told} {when}")
    return row


async def references(
    connection: Connection, pair: Pair, source: str, set_now: Policy
) -> list[Rate]:
    """What a new value is compared with. A bank's: its own last one. A person's: what is in force,
    and what was a day ago or has been approved since, so that many small moves are one large one;
    that a pair was ended in between changes nothing.
    """
    if source != ADMIN:
        row = await store.last(connection, pair.key, source)
        return [rate_of(row, pair_in(row))] if row is not None else []
    since = datetime.now(UTC) - ADDING_UP
    now = await in_use(connection, pair, set_now, None)
    before = await store.last_approved(connection, pair.key, since)
    if before is None:
        before = await in_use(connection, pair, set_now, since)
    rows = (
        now or await store.last(connection, pair.key, ADMIN),
        before or await store.before(connection, pair.key, since),
    )
    return [rate_of(row, pair_in(row)) for row in rows if row is not None]


async def in_use(connection: Connection, pair: Pair, set_now: Policy, at: datetime | None) -> Any:
    """The first version that has a value, however old it is."""
    rows = await store.in_force(connection, [pair.key], set_now.sources, at)
    return next((row for row in rows if row["value"] is not None), None)


def pair_in(row: Any) -> Pair:
    return Pair(row["base"], row["quote"])


async def doubt_of(
    connection: Connection,
    pair: Pair,
    value: Decimal,
    source: str,
    source_date: date | None,
    moved: Decimal | None,
    set_now: Policy,
) -> str | None:
    """Why a person has to look at it; None: nobody has to."""
    is_far = moved is not None and moved > set_now.limit(source)
    if source == ADMIN or source_date is None:
        return "move" if is_far else None
    if source_date - datetime.now(BANKS[source].zone).date() > FARTHEST:
        return "far_date"
    if await store.said_otherwise(connection, source, source_date, pair.base, pair.quote, value):
        return "corrected"
    return "jump" if is_far else None


async def settle(connection: Connection, version: int, doubt: str | None) -> State:
    """What becomes of a new version by itself. One that came after a newer one of the same bank is
    kept, and never in force.
    """
    if await store.is_superseded(connection, version):
        await store.refuse(connection, version, None, "superseded")
        return State.REFUSED
    if doubt is not None:
        return State.WAITING
    await store.activate(connection, version)
    return State.ACTIVE


def begin_of(source: str, source_date: date | None) -> datetime | None:
    """When the day that a bank's rate is for begins there; a person's is for now."""
    if source == ADMIN or source_date is None:
        return None
    return datetime.combine(source_date, time.min, BANKS[source].zone)


def login_of(actor: str) -> str:
    """A name as people know it: `anna`, whether she typed in a shell or in the console."""
    return SHELL.sub("", actor).strip()


def is_same_person(one: str, other: str) -> bool:
    """The name in a shell (`command:anna`) is that of the console."""
    names = {login_of(name).lower() for name in (one, other)}
    return len(names) == 1


def demand(connection: Connection, by: str, source: str, source_date: date | None) -> None:
    """Raises RateRefused for what nobody said, ValueError for a mistake in our own programs."""
    if not connection.is_in_transaction():
        raise ValueError("rates are changed in a transaction")
    if source not in SOURCES or isinstance(source_date, datetime):
        raise ValueError(f"{source} of {source_date} is no source")
    if source != ADMIN and source_date is None:
        raise ValueError("a bank's rate is of a day")
    if not by.strip():
        raise RateRefused(Why.NOT_A_RATE, "nobody entered it")
