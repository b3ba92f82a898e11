"""What messages cost: by day, channel, connection and place; today's budget and what it holds back.

A message is paid for on the day it leaves. What the provider said it costs counts; where nobody
said, the rate card's estimate does, and is kept apart.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from uzel.kit.database import Pool
from uzel.model.rules import Rules, read_rules, rules_at
from uzel.views import costs_store as store

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class CostFilter:
    """What is counted. None: all."""

    since: datetime
    until: datetime
    channel: str | None = None
    connection_id: int | None = None
    place_id: int | None = None


@dataclass(frozen=True, slots=True)
class CostRow:
    """Messages of one day, channel, connection, place and currency. `told` by providers and
    `estimated` by rates, in minor units; `unpriced`: messages nobody has a price for.
    """

    day: date
    channel: str
    connection_id: int
    place_id: int | None
    currency: str
    messages: int
    segments: int
    told: int
    estimated: int
    unpriced: int


@dataclass(slots=True)
class Cost:
    """Some of them together; sums by currency."""

    messages: int = 0
    segments: int = 0
    unpriced: int = 0
    told: dict[str, int] = field(default_factory=dict)
    estimated: dict[str, int] = field(default_factory=dict)

    def add(self, row: CostRow) -> None:
        """One row more."""
        self.messages += row.messages
        self.segments += row.segments
        self.unpriced += row.unpriced
        for sums, amount in ((self.told, row.told), (self.estimated, row.estimated)):
            if amount:
                sums[row.currency] = sums.get(row.currency, 0) + amount

    def sums(self) -> dict[str, int]:
        """Told and estimated together."""
        names = sorted({*self.told, *self.estimated})
        return {name: self.told.get(name, 0) + self.estimated.get(name, 0) for name in names}


@dataclass(frozen=True, slots=True)
class Budget:
    """Today's. limit_minor, most_messages: None where there is no such limit; held: messages that
    wait for tomorrow's.
    """

    limit_minor: int | None
    most_messages: int | None
    currency: str
    spent_minor: int
    messages: int
    held: int

    @property
    def left_minor(self) -> int | None:
        """What may still be spent today."""
        return None if self.limit_minor is None else max(0, self.limit_minor - self.spent_minor)

    @property
    def left_messages(self) -> int | None:
        """How many may still leave today."""
        return None if self.most_messages is None else max(0, self.most_messages - self.messages)


@dataclass(frozen=True, slots=True)
class SpentBudget:
    """A business that sends no more today, or not everything."""

    business_id: int
    name: str
    today: Budget


@dataclass(frozen=True, slots=True)
class Costs:
    """`exact` False: scaled up from a sample."""

    rows: Sequence[CostRow]
    exact: bool

    @property
    def total(self) -> Cost:
        """All of it."""
        return self.by(lambda _: None).get(None, Cost())

    def by(self, key: Callable[[CostRow], Key]) -> dict[Key, Cost]:
        """Gathered by something of a row, in the order of the rows."""
        found: dict[Key, Cost] = {}
        for row in self.rows:
            found.setdefault(key(row), Cost()).add(row)
        return found


async def costs(
    pool: Pool, business_id: int, zone: str, wanted: CostFilter, *, each: bool = False
) -> Costs:
    """What left in a time. `zone`: whose days count. `each`: exactly, whatever it takes."""
    async with pool.acquire() as connection:
        span = await store.span_of_messages(connection, wanted.since, wanted.until, each=each)
        if span is None:
            return Costs((), True)
        rows = await store.spent(
            connection,
            span,
            business_id,
            zone,
            wanted.since,
            wanted.until,
            wanted.channel,
            wanted.connection_id,
            wanted.place_id,
        )
    return Costs(tuple(scaled(row, span.step) for row in rows), span.step == 1)


def scaled(row: Mapping[str, Any], step: int) -> CostRow:
    """A row of store.spent, of which one in `step` was looked at."""
    counts = {n: row[n] * step for n in ("messages", "segments", "told", "estimated", "unpriced")}
    return CostRow(**{**row, **counts})


async def spent_budgets(pool: Pool) -> list[SpentBudget]:
    """The businesses whose budget of today is spent, or leaves too little for what waits."""
    found = []
    async with pool.acquire() as connection:
        for row in await store.limited(connection):
            try:
                rules = rules_at(row["rules"], None)
            except ValidationError:
                continue  # the page of the rules says so
            spent = await store.budget_of(connection, row["business_id"], row["day"])
            today = to_budget(spent, rules, row["held"])
            if today.held or 0 in (today.left_minor, today.left_messages):
                found.append(SpentBudget(row["business_id"], row["name"], today))
    return found


async def budget(pool: Pool, business_id: int, today: date) -> Budget:
    """Today's budget of a business."""
    async with pool.acquire() as connection:
        row = await store.budget_of(connection, business_id, today)
        held = await store.held(connection, business_id)
        return to_budget(row, read_rules(row["rules"]), held)


def to_budget(row: Any, rules: Rules, held: int) -> Budget:
    """A row of store.budget_of."""
    return Budget(
        rules.budget_day_minor,
        rules.messages_per_day,
        rules.currency,
        row["spent_minor"],
        row["messages"],
        held,
    )
