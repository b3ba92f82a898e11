"""Telling an event that cannot be processed from a database that is away.

A full disk or a time-out says nothing about an event, so it is tried again. But one that meets
them each time it is processed alone, while others go through, would be tried for ever and cost
its neighbours a try each time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# About a quarter of a minute of tries, as far apart as jobs are tried again.
MOST_FAILURES = 6


@dataclass(slots=True)
class Record:
    """Of one raw event: how often it failed, and how many went through by its first failure."""

    failures: int
    gone_through: int


class Suspects:
    """Raw events that failed lately, in this process."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self._gone_through = 0

    def groups(self, ids: Sequence[int]) -> list[list[int]]:
        """Who may be processed together: those that never failed; each other one alone."""
        fresh = [i for i in ids if i not in self._records]
        return [*([fresh] if fresh else []), *([i] for i in ids if i in self._records)]

    def went_through(self, ids: Iterable[int]) -> None:
        """These are done with."""
        self._gone_through += 1
        for raw_event_id in ids:
            self._records.pop(raw_event_id, None)

    def failed(self, ids: Iterable[int]) -> None:
        """These were processed together, and something broke that may pass."""
        for raw_event_id in ids:
            record = self._records.setdefault(raw_event_id, Record(0, self._gone_through))
            record.failures += 1

    def guilty(self, raw_event_id: int) -> bool:
        """Whether it has failed often while as much else went through."""
        record = self._records.get(raw_event_id)
        return record is not None and (
            min(record.failures, self._gone_through - record.gone_through) >= MOST_FAILURES
        )
