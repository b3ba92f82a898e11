"""The money of payouts through one connection: what lies at the provider and how long it lasts,
what is under way, what left in the last weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from uzel.connections.registry import Active
from uzel.payouts.accounting.balance import BalanceView, Point, balance_view
from uzel.payouts.wish import CURRENCY
from uzel.views import payouts_store
from uzel.web.console.desk import Desk
from uzel.web.console.period import midnight
from uzel.web.console.rates_picture import MARGIN, WIDTH, Frame

DAYS = 28
SLOT, GAP, HEIGHT, LEAST = 20.0, 5.0, 90.0, 2.0
WENT_HEIGHT = 120.0


@dataclass(frozen=True, slots=True)
class Bar:
    """What was paid on one day. Lengths are in the units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    day: date
    amount_minor: int
    count: int


@dataclass(frozen=True, slots=True)
class Went:
    """How a balance went: `points` of a polyline, on a scale from nothing or `low` to `high`."""

    points: str
    low: int
    high: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Money:
    """See the module. open: payouts that have not ended; waiting: those of them not sent yet;
    `went` is None where the provider has not said twice what there is.
    """

    active: Active
    currency: str
    open: int
    open_minor: int
    waiting: int
    waiting_minor: int
    bars: Sequence[Bar]
    balance: BalanceView
    went: Went | None

    @property
    def today(self) -> Bar:
        return self.bars[-1]

    @property
    def total_minor(self) -> int:
        """Of all the days shown."""
        return sum(bar.amount_minor for bar in self.bars)

    @property
    def width(self) -> float:
        return len(self.bars) * SLOT

    @property
    def height(self) -> float:
        return HEIGHT


async def money_of(desk: Desk, active: Active) -> Money:
    """As of now, by the days of the page's zone."""
    pool, zone = desk.deps.pool, desk.zone
    last = datetime.now(UTC).astimezone(zone).date()
    days = [last - timedelta(days=passed) for passed in range(DAYS - 1, -1, -1)]
    rows = await payouts_store.paid(pool, active.id, midnight(days[0], zone), zone.key)
    standing = await payouts_store.standing(pool, active.id)
    balance = await balance_view(pool, active.id, datetime.now(UTC), timedelta(days=DAYS))
    return Money(
        active,
        CURRENCY,
        standing["open"],
        standing["open_minor"],
        standing["waiting"],
        standing["waiting_minor"],
        bars_of(days, {row["day"]: row for row in rows}),
        balance,
        went_of(balance.series),
    )


def went_of(series: Sequence[Point]) -> Went | None:
    """The balance as steps, for it stays what it was until the provider says otherwise."""
    if len(series) < 2:
        return None
    sums = [point.balance_minor for point in series]
    low, high = min(0, *sums), max(sums)
    frame = Frame(series[0].at, series[-1].at, low, high, WIDTH, WENT_HEIGHT, MARGIN)
    if series[0].at == series[-1].at or low == high:
        return None
    drawn = " ".join(frame.pieces([(point.at, float(point.balance_minor)) for point in series]))
    return Went(drawn, low, high, series[0].at, series[-1].at)


def bars_of(days: Sequence[date], paid: dict[date, Any]) -> list[Bar]:
    """A bar for each day; any sum above nothing can be seen."""
    sums = [paid[day]["amount_minor"] if day in paid else 0 for day in days]
    peak = max(sums, default=0)
    bars = []
    for number, (day, minor) in enumerate(zip(days, sums, strict=True)):
        height = max(LEAST, HEIGHT * minor / peak) if minor else 0.0
        count = paid[day]["count"] if day in paid else 0
        x = number * SLOT + GAP / 2
        bars.append(
            Bar(x, round(HEIGHT - height, 2), SLOT - GAP, round(height, 2), day, minor, count)
        )
    return bars
