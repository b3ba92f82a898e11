"""How many requests come, and who makes too many."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from uzel.connectors.amocrm.miniature.settings import Settings

SECOND = 1.0
MINUTE_S = 60.0


class Window:
    """The moments of the last second, and the most that there ever were in one."""

    def __init__(self) -> None:
        self.most = 0
        self._moments: deque[float] = deque()

    def add(self, now: float) -> None:
        self.clear(now)
        self._moments.append(now)
        self.most = max(self.most, len(self._moments))

    def count(self, now: float) -> int:
        self.clear(now)
        return len(self._moments)

    def clear(self, now: float) -> None:
        while self._moments and self._moments[0] <= now - SECOND:
            self._moments.popleft()


class Traffic:
    """Counts what arrives, faults included, and applies the limits. An integration is known by its
    id, or by its token where that has none.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget all counts, and pardon everybody."""
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._all = Window()
        self._arrived: dict[str, Window] = defaultdict(Window)
        self._taken: dict[str, Window] = defaultdict(Window)
        self.pardon()

    def pardon(self) -> None:
        self._strikes: deque[float] = deque()
        self._blocked_until = 0.0

    def arrived(self, integration: str, operation: str) -> None:
        now = self.clock()
        self.calls[operation] += 1
        self._all.add(now)
        self._arrived[integration].add(now)

    def is_blocked(self, settings: Settings) -> bool:
        return settings.blocked or self.clock() < self._blocked_until

    def is_too_much(self, integration: str, settings: Settings) -> bool:
        """Whether this request exceeds the limit. One that does not is counted against it."""
        now, taken = self.clock(), self._taken[integration]
        if settings.limit_per_s is None or taken.count(now) < settings.limit_per_s:
            taken.add(now)
            return False
        self._strike(now, settings)
        return True

    def _strike(self, now: float, settings: Settings) -> None:
        self._strikes.append(now)
        while self._strikes[0] <= now - MINUTE_S:
            self._strikes.popleft()
        if settings.block_after is not None and len(self._strikes) > settings.block_after:
            self._strikes.clear()
            self._blocked_until = now + settings.block_s

    def shown(self) -> dict[str, Any]:
        return {
            "requests": self.calls.total(),
            "most_in_one_second": self._all.most,
            "calls": dict(self.calls),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "integrations": {
                name: {"most_in_one_second": window.most} for name, window in self._arrived.items()
            },
        }
