"""How often somebody may do something: a guest change what they said, an address post a form."""

import time
from collections.abc import Callable, Hashable

A_DAY_S = 24 * 3600.0
MOST = 20
MOST_KEPT = 10_000


class Allowance:
    """What is left, by whom. Each web process counts for itself and forgets when it ends, which is
    near enough: it keeps a loop from writing all day.
    """

    def __init__(
        self,
        most: int = MOST,
        per_s: float = A_DAY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._per_s = per_s
        self._clock = clock
        self._used: dict[Hashable, tuple[float, int]] = {}

    def take(self, whose: Hashable) -> bool:
        """Use up one; False if none is left."""
        now = self._clock()
        since, used = self._used.pop(whose, (now, 0))
        if now - since >= self._per_s:
            since, used = now, 0
        granted = used < self._most
        self._used[whose] = (since, used + granted)
        if len(self._used) > MOST_KEPT:
            del self._used[next(iter(self._used))]
        return granted
