"""How many questions the database is asked at once: one may take it seconds, and a program that
asks many must leave connections to webhooks and to other registries.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator

from uzel.web.vtiger.parameters import NoRoom

FOR_ALL, FOR_ONE, MOST_WAITING = 4, 2, 64


class Turns:
    """One for a web process."""

    def __init__(
        self, for_all: int = FOR_ALL, for_one: int = FOR_ONE, most_waiting: int = MOST_WAITING
    ) -> None:
        self._all = asyncio.Semaphore(for_all)
        self._own: dict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(for_one))
        self._most, self._here = for_all + most_waiting, 0

    @contextlib.asynccontextmanager
    async def take(self, business_id: int) -> AsyncIterator[None]:
        """The turn of a business's question, once it comes. Raises NoRoom: too many wait."""
        if self._here >= self._most:
            raise NoRoom
        self._here += 1
        try:
            # Its own first: who asks much waits for itself.
            async with self._own[business_id], self._all:
                yield
        finally:
            self._here -= 1
