"""A shop's day as bars: orders of each hour, by what became of them. Geometry only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from uzel.views.shops import Hour

SLOT, GAP, HEIGHT, LEAST = 20.0, 5.0, 90.0, 2.0
# From the bottom up.
PARTS = (("deals", "good"), ("waiting", "wait"), ("stuck", "ask"))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar."""

    tone: str
    y: float
    height: float
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour. All lengths are in the units of the drawing."""

    x: float
    width: float
    hour: Hour
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A day. `now_x`: where the present is, None on a day that is over; peak: the fullest hour."""

    bars: tuple[Bar, ...]
    width: float
    height: float
    slot: float
    peak: int
    now_x: float | None


def picture(hours: Sequence[Hour], now: datetime) -> Picture:
    """The day these hours are of."""
    peak = max((hour.orders for hour in hours), default=0)
    bars = tuple(bar(number, hour, peak) for number, hour in enumerate(hours))
    width = len(hours) * SLOT
    passed = (now - hours[0].starts_at).total_seconds() / 3600 * SLOT if hours else -1.0
    now_x = round(passed, 1) if 0 <= passed <= width else None
    return Picture(bars, width, HEIGHT, SLOT, peak, now_x)


def bar(number: int, hour: Hour, peak: int) -> Bar:
    """One hour's parts, each on top of the one before; any number above nothing can be seen."""
    counts = {tone: int(getattr(hour, name)) for name, tone in PARTS}
    heights = {tone: max(LEAST, HEIGHT * n / peak) for tone, n in counts.items() if n}
    # Where the least of one leaves no room for another, all give way.
    fit = min(1.0, HEIGHT / sum(heights.values())) if heights else 1.0
    parts, top = [], HEIGHT
    for tone, height in heights.items():
        top -= height * fit
        parts.append(Part(tone, round(top, 2), round(height * fit, 2), counts[tone]))
    return Bar(number * SLOT + GAP / 2, SLOT - GAP, hour, tuple(parts))
