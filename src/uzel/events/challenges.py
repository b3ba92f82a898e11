"""What became of the questions by which providers make sure that an address is ours."""

import logging

from uzel.kit import database
from uzel.people.store import note

log = logging.getLogger("uzel.door")

# As the audit knows them: who asked, and what it was.
PROVIDER, CHALLENGE = "provider", "challenge"


class Challenges:
    """The last outcome of each connection, until it is written down. Only who knows the key of a
    connection gets here, and of many questions one row remains.
    """

    def __init__(self) -> None:
        self._last: dict[int, bool] = {}

    def note(self, connection_id: int, *, good: bool) -> None:
        """The provider was answered, or turned away."""
        self._last[connection_id] = good

    async def save(self, pool: database.Pool) -> None:
        """Write down what happened since the last time; a lost database is tried again later."""
        unsaved, self._last = self._last, {}
        for connection_id, good in unsaved.items():
            try:
                subject = f"connection:{connection_id}"
                await note(pool, PROVIDER, CHALLENGE, subject, {"good": good})
            except database.PASSING:
                self._last.setdefault(connection_id, good)
            except Exception:  # not worth ending the loop that saves it
                log.exception("a challenge was not noted")
