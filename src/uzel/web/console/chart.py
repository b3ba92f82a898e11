"""The last day as bars, one row for each figure; geometry only, the template draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from uzel.views.overview import Hour
from uzel.web.console.language import mark as m

SLOT, GAP, HEIGHT, LEAST = 10.0, 2.0, 40.0, 1.5
ROWS = (
    ("received", m("принято"), "idle"),
    ("asked", m("просим отзыв"), "accent"),
    ("delivered", m("доставлено"), "good"),
    ("failed", m("не доставлено"), "bad"),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour. All lengths are in the units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    count: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure through the day. Each has its own scale: `peak` is its fullest hour."""

    name: str
    tone: str
    total: int
    peak: int
    bars: tuple[Bar, ...]
    width: float
    height: float


def charts_of(hours: Sequence[Hour]) -> list[Chart]:
    """A chart for each row."""
    return [chart(name, tone, field, hours) for field, name, tone in ROWS]


def chart(name: str, tone: str, field: str, hours: Sequence[Hour]) -> Chart:
    """One row of bars. Any number above nothing can be seen."""
    counts = [int(getattr(hour.volume, field)) for hour in hours]
    peak = max(counts, default=0)
    bars = tuple(
        bar(number, count, peak, hour.starts_at)
        for number, (count, hour) in enumerate(zip(counts, hours, strict=True))
    )
    return Chart(name, tone, sum(counts), peak, bars, len(counts) * SLOT, HEIGHT)


def bar(number: int, count: int, peak: int, starts_at: datetime) -> Bar:
    """The bar of one hour, standing on the bottom of the drawing."""
    height = max(LEAST, HEIGHT * count / peak) if count else 0.0
    x = number * SLOT + GAP / 2
    return Bar(
        round(x, 2), round(HEIGHT - height, 2), SLOT - GAP, round(height, 2), count, starts_at
    )
