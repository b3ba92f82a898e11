"""Payments of the last days as bars; geometry only, the template draws it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

DAYS = 30
SLOT, GAP, HEIGHT, LEAST = 20.0, 4.0, 100.0, 2.0


@dataclass(frozen=True, slots=True)
class Day:
    """One day's payments; `charged_minor`: taken for them, and not given back."""

    day: date
    total: int = 0
    completed: int = 0
    failed: int = 0
    charged_minor: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """All lengths in units of the drawing. The failed ones stand below the others."""

    x: float
    y: float
    height: float
    failed_y: float
    failed_height: float
    day: Day


@dataclass(frozen=True, slots=True)
class Picture:
    """`share`: per cent of what has ended that was completed, None where nothing has."""

    bars: Sequence[Bar]
    width: float
    height: float
    bar_width: float
    peak: int
    total: int
    charged_minor: int
    share: int | None


def days_of(rows: Iterable[Any], today: date) -> list[Day]:
    """The last days, oldest first, with those that had nothing."""
    found = {row["day"]: row for row in rows}
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    return [Day(**found[day]) if day in found else Day(day) for day in days]


def picture_of(days: Sequence[Day]) -> Picture:
    peak = max((day.total for day in days), default=0)
    bars = [bar_of(number, day, peak) for number, day in enumerate(days)]
    ended = sum(day.completed + day.failed for day in days)
    completed = sum(day.completed for day in days)
    return Picture(
        bars,
        len(days) * SLOT,
        HEIGHT,
        SLOT - GAP,
        peak,
        sum(day.total for day in days),
        sum(day.charged_minor for day in days),
        100 * completed // ended if ended else None,
    )


def bar_of(number: int, day: Day, peak: int) -> Bar:
    height = max(LEAST, HEIGHT * day.total / peak) if day.total else 0.0
    failed = height * day.failed / day.total if day.total else 0.0
    return Bar(
        number * SLOT + GAP / 2,
        round(HEIGHT - height, 2),
        round(height - failed, 2),
        round(HEIGHT - failed, 2),
        round(failed, 2),
        day,
    )
