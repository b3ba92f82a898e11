"""What a connection may ask of the server's patience, watched by one timer for all of them."""

import asyncio
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, and a number.

    most_under_way  requests in this process beyond which webhooks are refused unread: more of them
              are not stored faster, but each waits longer for its answer, and so do those that are
              refused meanwhile
    head_s    from the first byte of a request to the end of its head; a new connection has as long
              to begin one
    body_s    from there to the end of the body, while we are willing to read it; large files take
              longer, as long as `slowest_bytes_s` of them come in each second
    unread_s  an answer of which the other side takes nothing at all
    linger_s  after a refusal, for the other side to read it: who finds the connection closed while
              still sending never sees our answer
    every_s   how often all connections are looked at, and so how late a deadline may be noticed
    """

    most_under_way: int = 384
    head_s: float = 10.0
    body_s: float = 30.0
    slowest_bytes_s: float = 32 * 1024.0
    unread_s: float = 30.0
    linger_s: float = 2.0
    every_s: float = 1.0


class Watched(Protocol):
    """A connection."""

    def look(self, now: float) -> None:
        """End it if it is overdue; `now` is on the loop's clock."""


class Rounds:
    """Looks at every connection now and then. A timer for each request would cost more than all
    that is kept here: a request only writes down when it began.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._watched: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: Watched) -> None:
        """Watch it from now on."""
        self._watched.add(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._go)

    def remove(self, connection: Watched) -> None:
        """It is gone."""
        self._watched.discard(connection)

    def _go(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._every_s, self._go) if self._watched else None
        now = loop.time()
        for connection in list(self._watched):
            connection.look(now)
