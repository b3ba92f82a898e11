"""No more than so many requests in any second, by the provider's clock and not by ours.

When a request arrived is not known. But what it took longer than the fastest ever did, it may have
spent on its way; so it arrived at the latest that much after it was sent, beside what every request
needs. The next one leaves when, even so, it cannot be one too many.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

SECOND = 1.0
# Of clocks and timers.
GRAIN_S = 0.004


@dataclass(slots=True)
class Passage:
    """A request on its way, or through. `latest_at`: None until it was answered."""

    sent_at: float
    latest_at: float | None = None


class Window:
    """The requests of the last second of one connection; `most` in any second."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._passages: deque[Passage] = deque()
        self._fastest_s = float("inf")
        self._turn = asyncio.Lock()

    async def enter(self) -> Passage:
        """Wait until one more request may leave; tell `leave` when it was answered."""
        async with self._turn:
            wait_s = self._wait_s()
            while wait_s > 0:
                await asyncio.sleep(wait_s)
                wait_s = self._wait_s()
            passage = Passage(now())
            self._passages.append(passage)
            return passage

    def leave(self, passage: Passage) -> None:
        """It was answered, or given up."""
        took_s = now() - passage.sent_at
        self._fastest_s = min(self._fastest_s, took_s)
        passage.latest_at = passage.sent_at + took_s - self._fastest_s

    def _wait_s(self) -> float:
        """Until the oldest of the last `most` has left the window for certain."""
        at = now()
        recent = [p for p in self._passages if late(p, at) > at - SECOND - GRAIN_S]
        self._passages = deque(recent)
        if len(recent) < self.most:
            return 0.0
        oldest = sorted(late(p, at) for p in recent)[len(recent) - self.most]
        return max(GRAIN_S, oldest + SECOND + GRAIN_S - at)


def late(passage: Passage, at: float) -> float:
    """The latest moment at which it can have arrived; one without an answer may arrive just now."""
    return at if passage.latest_at is None else passage.latest_at


def now() -> float:
    return asyncio.get_running_loop().time()
