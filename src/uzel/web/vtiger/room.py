"""How many large bodies are taken at once: each lies on the disk until it is kept or not."""

from collections import Counter
from collections.abc import Callable

FOR_ALL, FOR_ONE = 24, 8


class Room:
    """One for a web process."""

    def __init__(self, for_all: int = FOR_ALL, for_one: int = FOR_ONE) -> None:
        self._for_all, self._for_one = for_all, for_one
        self._inside: Counter[str] = Counter()

    def enter(self, address: str) -> Callable[[], None] | None:
        """How to leave again; None: there is no room for this address now."""
        if self._inside.total() >= self._for_all or self._inside[address] >= self._for_one:
            return None
        self._inside[address] += 1

        def leave() -> None:
            self._inside[address] -= 1
            if not self._inside[address]:
                del self._inside[address]

        return leave
