"""How fast one token may ask: a bucket each, in the memory of the web process."""

import math
import time
from collections.abc import Callable


class Limits:
    """Buckets by token. One holds the requests of a minute and fills steadily."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}

    def take(self, token_id: int, per_minute: int) -> int:
        """Take one; the seconds to wait where there is none, else 0."""
        now = self._clock()
        left, at = self._buckets.get(token_id, (float(per_minute), now))
        left = min(float(per_minute), left + (now - at) * per_minute / 60)
        if left < 1:
            self._buckets[token_id] = (left, now)
            return max(1, math.ceil((1 - left) * 60 / per_minute))
        self._buckets[token_id] = (left - 1, now)
        return 0
