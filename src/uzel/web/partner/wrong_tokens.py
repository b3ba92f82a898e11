"""How many wrong tokens are looked at, from one sender and from all of them together."""

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from uzel.kit.secrets import fingerprint
from uzel.people.manage import network_of

# So many at once, and then so many a minute.
FROM_ONE, FROM_ALL = 60, 1200
MOST_KEPT = 10_000
# Who came in with a token is let in with it from there for so long, whatever the neighbours do.
KNOWN_S = 3600.0


Found = TypeVar("Found")


class TooMany(Exception):
    """No token is looked at now; again in `wait_s` seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class Bucket:
    """Fills in a minute."""

    def __init__(self, size: int, now: float) -> None:
        self._size = size
        self._left = float(size)
        self._at = now

    def wait_s(self, now: float) -> float:
        """Until there is one; 0: there is."""
        self._left = min(float(self._size), self._left + (now - self._at) * self._size / 60)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) * 60 / self._size

    def move(self, count: int) -> None:
        self._left += count


class WrongTokens:
    """One for the web process: for all doors that take tokens. Guesses are counted before it is
    known that they are wrong, so those made all at once are counted too.
    """

    def __init__(
        self,
        from_one: int = FROM_ONE,
        from_all: int = FROM_ALL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._from_one = from_one
        self._clock = clock
        self._all = Bucket(from_all, clock())
        self._senders: dict[str, Bucket] = {}
        self._known: dict[tuple[str, bytes], float] = {}
        self._asked: set[tuple[str, bytes]] = set()

    async def look(
        self, token: str, address: str, find: Callable[[str], Awaitable[Found | None]]
    ) -> Found | None:
        """Whose a token is, by `find`; None: nobody's, and it counts. Raises TooMany."""
        if wait_s := self.take(token, address):
            raise TooMany(wait_s)
        try:
            found = await find(token)
        except BaseException:
            self.unknown(token, address)
            raise
        (self.bad if found is None else self.good)(token, address)
        return found

    def take(self, token: str, address: str) -> int:
        """Count a token that is to be looked at; the seconds to wait where it is not to be. The
        same token again, while nobody knows yet what it is, is the same guess.
        """
        now, sender = self._clock(), network_of(address)
        pair = (sender, fingerprint(token))
        if pair in self._asked or self._known.get(pair, 0.0) > now:
            return 0
        bucket = self._senders.pop(sender, None) or Bucket(self._from_one, now)
        self._senders[sender] = bucket
        forget_first(self._senders)
        wait_s = max(bucket.wait_s(now), self._all.wait_s(now))
        if wait_s > 0:
            return max(1, math.ceil(wait_s))
        self._asked.add(pair)
        self._count(sender, -1)
        return 0

    def good(self, token: str, address: str) -> None:
        """It was none of the wrong ones."""
        self.unknown(token, address)
        pair = (network_of(address), fingerprint(token))
        self._known.pop(pair, None)
        self._known[pair] = self._clock() + KNOWN_S
        forget_first(self._known)

    def unknown(self, token: str, address: str) -> None:
        """It does not count: nobody could tell, for the database was away."""
        sender = network_of(address)
        pair = (sender, fingerprint(token))
        if pair in self._asked:
            self._asked.remove(pair)
            self._count(sender, 1)

    def bad(self, token: str, address: str) -> None:
        """It counts: the same once more is another guess."""
        self._asked.discard((network_of(address), fingerprint(token)))

    def _count(self, sender: str, count: int) -> None:
        self._all.move(count)
        if (bucket := self._senders.get(sender)) is not None:
            bucket.move(count)


def forget_first(kept: dict[Any, Any]) -> None:
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
