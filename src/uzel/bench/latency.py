"""Durations as they were measured, and the percentiles read from them."""

import math
from array import array
from collections.abc import Iterable


class Latencies:
    """Every duration of a run, 8 bytes each, so that a percentile is exact and not a bucket.

    An empty set reads as nan, never as 0: "nothing was measured" must not look fast.
    """

    def __init__(self, durations_s: Iterable[float] = ()) -> None:
        self._ordered = array("d", sorted(durations_s))

    def __len__(self) -> int:
        return len(self._ordered)

    def percentile(self, percent: float) -> float:
        """The duration in ms that `percent` (0 to 100) of all stay at or below: nearest rank."""
        if not 0 <= percent <= 100:
            raise ValueError(f"a percentile lies between 0 and 100, not at {percent}")
        if not self._ordered:
            return math.nan
        rank = max(1, math.ceil(percent * len(self._ordered) / 100))
        return self._ordered[rank - 1] * 1000

    @property
    def mean_ms(self) -> float:
        if not self._ordered:
            return math.nan
        return math.fsum(self._ordered) / len(self._ordered) * 1000

    @property
    def max_ms(self) -> float:
        return self.percentile(100)
