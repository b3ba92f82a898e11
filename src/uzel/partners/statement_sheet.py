"""What every statement file is made of: whose it is, its lines, its sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

from uzel.ledger.accounts import TEST
from uzel.ledger.statement import Sums
from uzel.partners.payment import Partner
from uzel.partners.statement import Line
from uzel.partners.statement_words import Words

A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Whose statement, from `since` on and before `until`, in which zone and words. Not `is_over`:
    more may still come, and `until` is when the statement was made (see `up_to_now`).
    """

    partner: Partner
    since: datetime
    until: datetime
    zone: ZoneInfo
    words: Words
    is_over: bool = True

    @property
    def is_test(self) -> bool:
        return self.partner.book == TEST

    @property
    def last(self) -> datetime:
        """The last moment of it: a month ends on its last day, not on the first of the next."""
        return max(self.since, self.until - A_MOMENT) if self.is_over else self.until

    @property
    def period(self) -> str:
        """From when to when, in words; and that it is not over."""
        since, last = (self.words.time(at, self.zone) for at in (self.since, self.last))
        said = f"{since} – {last} ({self.zone.key})"
        return said if self.is_over else f"{said}, {self.words.unfinished}"

    @property
    def closing(self) -> str:
        """What the last balance is called: that of an end, or that of a moment."""
        if self.is_over or not self.words.standing:
            return self.words.closing
        return self.words.standing.format(at=self.words.time(self.last, self.zone))

    @property
    def name(self) -> str:
        """Of the file, without its ending; days of the zone."""
        first, last = (at.astimezone(self.zone).date() for at in (self.since, self.last))
        return f"statement-{first.isoformat()}-{last.isoformat()}"


class Writer(Protocol):
    """Writes one file: made with the bytes' place, the sheet and the sums, then given all lines in
    their order, then closed.
    """

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None: ...

    def add(self, lines: Sequence[Line]) -> None: ...

    def close(self) -> None: ...


def description(line: Line, words: Words) -> str:
    """What a payment is for; of everything else, why it was done. Why a payment was completed is
    a word of the staff's.
    """
    reason = words.told(line.reason) if line.kind != "payment" else None
    return " · ".join(filter(None, (words.told(line.details, line.payment_id), reason)))
