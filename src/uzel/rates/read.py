"""Which rate is in force: now or at any moment of the past."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.rates import store
from uzel.rates.pair import ADMIN, BANKS, Pair, Rate, RateMissing, RateTooOld, checked
from uzel.rates.policy import Policy, policy


@dataclass(frozen=True, slots=True)
class Standing:
    """A pair today. rate: what is used, None where there is none or it is too old (`last` is it
    then).
    """

    pair: Pair
    rate: Rate | None
    last: Rate | None


@dataclass(frozen=True, slots=True)
class Point:
    """From `at` on, this was what `source` said. rate: None: that it has none any more."""

    at: datetime
    source: str
    rate: Rate | None
    version: int
    entered_by: str
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version that waits for a person; `move`: by which part it lies away from what was in force
    when it came, `doubt`: `move`, `jump` (of a bank), `corrected` (a bank's second word on a day),
    `far_date`.
    """

    version: int
    rate: Rate
    entered_by: str
    entered_at: datetime
    doubt: str
    move: Decimal | None


async def current(
    connection: Connection | Pool,
    base: str,
    quote: str,
    at: datetime | None = None,
    *,
    sources: Sequence[str] | None = None,
) -> Rate:
    """The rate for amounts of `base` in `quote` at a moment (aware; None: now, by the database's
    clock). The first of `sources` (None: as is set) that has one which is not too old. Both ways
    round the same version is used, and no rate is made of two others.

    Raises RateMissing, RateTooOld, and RateRefused for what is no currency.
    """
    if base == quote:
        return Rate(base, quote, Decimal(1))
    pair = checked(Pair(base, quote))
    if at is not None and at.tzinfo is None:
        raise ValueError("a moment has a zone")
    set_now = await policy(connection)
    rows = await store.in_force(connection, [pair.key], sources or set_now.sources, at)
    rate, last = chosen(rows, pair, set_now)
    if rate is not None:
        return rate
    raise RateTooOld(last) if last is not None else RateMissing(pair)


async def standings(connection: Connection | Pool) -> list[Standing]:
    """Every pair that ever had a rate, as somebody entered it last."""
    set_now = await policy(connection)
    keys = await store.pairs(connection)
    rows = await store.in_force(connection, keys, set_now.sources)
    found = []
    for _, some in groupby(rows, key=lambda row: row["pair"]):
        group = list(some)
        with_value = next((row for row in group if row["value"] is not None), group[0])
        pair = Pair(with_value["base"], with_value["quote"])
        found.append(Standing(pair, *chosen(group, pair, set_now)))
    return found


async def history(
    connection: Connection | Pool, base: str, quote: str, since: datetime
) -> list[Point]:
    """What came into force since (aware), of all sources, and before it what each source said at
    that moment; oldest first.
    """
    pair = checked(Pair(base, quote))
    set_now = await policy(connection)
    begin = await store.in_force(connection, [pair.key], set_now.sources, since)
    later = await store.history(connection, pair.key, since)
    rows = {row["id"]: row for row in (*begin, *later)}.values()
    return sorted((point_of(row, pair) for row in rows), key=lambda it: (it.at, it.version))


async def waiting(connection: Connection | Pool) -> list[Waiting]:
    """What waits for a person, oldest first."""
    return [
        Waiting(
            row["id"],
            rate_of(row, Pair(row["base"], row["quote"])),
            row["entered_by"],
            row["created_at"],
            row["doubt"],
            row["move"],
        )
        for row in await store.waiting(connection)
    ]


def chosen(rows: Iterable[Any], pair: Pair, set_now: Policy) -> tuple[Rate | None, Rate | None]:
    """Of what the sources say the first that may be used; and the first there is."""
    there = [row for row in rows if row["value"] is not None]
    fresh = next((row for row in there if not is_too_old(row, set_now)), None)
    last = rate_of(there[0], pair) if there else None
    return (rate_of(fresh, pair) if fresh is not None else None), last


def is_too_old(row: Any, set_now: Policy) -> bool:
    """At the moment the row was read for. A bank's days are those of its own calendar."""
    if row["source"] == ADMIN:
        most = set_now.admin_days
        return most is not None and row["at"] - row["effective_at"] > timedelta(days=most)
    today = row["at"].astimezone(BANKS[row["source"]].zone).date()
    return bool(today - row["source_date"] > timedelta(days=set_now.bank_days))


def rate_of(row: Any, pair: Pair) -> Rate:
    """A version as the rate of a pair, either way round."""
    return Rate(
        pair.base,
        pair.quote,
        row["value"],
        version=row["id"],
        divides=(row["base"], row["quote"]) != (pair.base, pair.quote),
        nominal=row["nominal"],
        source=row["source"],
        source_date=row["source_date"],
        since=row.get("effective_at"),
    )


def point_of(row: Any, pair: Pair) -> Point:
    rate = rate_of(row, pair) if row["value"] is not None else None
    return Point(
        row["effective_at"], row["source"], rate, row["id"], row["entered_by"], row["decided_by"]
    )
