"""How often one guest may change what they said."""

import time
from collections.abc import Callable

A_DAY_S = 24 * 3600.0
MOST_CHANGES = 20
MOST_KEPT = 10_000


class Allowance:
    """Changes left, by request. A rating or a message replaces the one before, so nobody can fill
    the database; this keeps a loop from writing the same row all day. Each web process counts for
    itself and forgets when it ends, which is near enough for that.
    """

    def __init__(
        self,
        most: int = MOST_CHANGES,
        per_s: float = A_DAY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._per_s = per_s
        self._clock = clock
        self._used: dict[int, tuple[float, int]] = {}

    def take(self, request_id: int) -> bool:
        """Use up one change; False if none is left."""
        now = self._clock()
        since, used = self._used.pop(request_id, (now, 0))
        if now - since >= self._per_s:
            since, used = now, 0
        granted = used < self._most
        self._used[request_id] = (since, used + granted)
        if len(self._used) > MOST_KEPT:
            del self._used[next(iter(self._used))]
        return granted
