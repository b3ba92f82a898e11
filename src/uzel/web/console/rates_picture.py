"""How a rate went, as a line of steps. Geometry only; pixels may be floats, money never is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from uzel.rates.pair import Pair
from uzel.rates.read import Point

WIDTH, HEIGHT, MARGIN = 900.0, 150.0, 8.0
SMALL_WIDTH, SMALL_HEIGHT = 96.0, 22.0
DAYS = 90
# What is not as wide as this is drawn as a dot.
DOT = 4.0


@dataclass(frozen=True, slots=True)
class Line:
    """What one source said; `points` is the attribute of a polyline. `is_dot`: it is too short to
    be seen as a line.
    """

    source: str
    points: str
    is_dot: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Lines of the sources between two moments, on one scale."""

    lines: tuple[Line, ...]
    width: float
    height: float
    low: float
    high: float
    since: datetime
    until: datetime


def value_in(pair: Pair, base: str, value: Any) -> float:
    """A value as that of a pair, whichever way round it was entered."""
    return float(value) if base == pair.base else 1 / float(value)


def picture(pair: Pair, points: Sequence[Point], now: datetime) -> Picture | None:
    """The last days of a pair; None where there is nothing to draw."""
    since = now - timedelta(days=DAYS)
    went: dict[str, list[tuple[datetime, float | None]]] = {}
    for point in points:
        value = None
        if point.rate is not None:
            value = value_in(pair, point.rate.pair.base, point.rate.value)
        went.setdefault(point.source, []).append((point.at, value))
    known = [value for steps in went.values() for _, value in steps if value is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    frame = Frame(since, now, low, high, WIDTH, HEIGHT, MARGIN)
    lines = [
        Line(source, drawn, is_dot=width_of(drawn) < DOT)
        for source, steps in sorted(went.items())
        for drawn in frame.pieces(steps)
    ]
    return Picture(tuple(lines), WIDTH, HEIGHT, low, high, since, now)


def width_of(points: str) -> float:
    """From the first point of a line to its last."""
    across = [float(point.partition(",")[0]) for point in points.split()]
    return across[-1] - across[0]


def small_lines(
    pairs: Mapping[str, tuple[Pair, str]], rows: Iterable[Any], now: datetime
) -> dict[str, str]:
    """Key of a pair → the line of the source whose rate is used, for a list. Where less than two
    values are known there is none.
    """
    since, found = now - timedelta(days=DAYS), {}
    for key, some in groupby(rows, key=lambda row: row["pair"]):
        pair, source = pairs[key]
        steps = [
            (row["effective_at"], value_in(pair, row["base"], row["value"]))
            for row in some
            if row["source"] == source and row["value"] is not None
        ]
        if len(steps) > 1:
            values = [value for _, value in steps]
            frame = Frame(since, now, min(values), max(values), SMALL_WIDTH, SMALL_HEIGHT, 2.0)
            found[key] = " ".join(frame.pieces(steps))
    return found


@dataclass(frozen=True, slots=True)
class Frame:
    """From moments and values to places in a drawing."""

    since: datetime
    until: datetime
    low: float
    high: float
    width: float
    height: float
    margin: float

    def pieces(self, steps: Sequence[tuple[datetime, float | None]]) -> list[str]:
        """Polylines of steps; a value of None ends one."""
        found: list[list[str]] = [[]]
        last: float | None = None
        for at, value in steps:
            if last is not None:
                found[-1].append(self.place(at, last))
            if value is None:
                found.append([])
            else:
                found[-1].append(self.place(at, value))
            last = value
        if last is not None:
            found[-1].append(self.place(self.until, last))
        return [" ".join(piece) for piece in found if piece]

    def place(self, at: datetime, value: float) -> str:
        """`x,y`; a rate that never moved runs through the middle."""
        part = (max(at, self.since) - self.since) / (self.until - self.since)
        span = self.high - self.low
        up = (value - self.low) / span if span else 0.5
        room = self.height - 2 * self.margin
        return f"{part * self.width:.1f},{self.height - self.margin - up * room:.1f}"
