"""The hours of the day in which people may be written to, in the time zone of a place."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
# What is sent in the last minute may arrive after it.
MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """From `opens` (inclusive) to `closes` (exclusive), local time; past midnight where `closes` is
    the earlier one, always where they are equal.
    """

    opens: time
    closes: time

    @classmethod
    def of(cls, opens: str, closes: str) -> "Hours":
        """From `09:00` and `21:00`. Raises ValueError."""
        return cls(read_time(opens), read_time(closes))

    def open_at(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether somebody there may be written to at this moment (aware)."""
        if self.opens == self.closes:
            return True
        local = moment.astimezone(zone)
        return self._within(local) and self._within((moment + MARGIN).astimezone(zone))

    def next_open(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment itself if it is open, else the next one that is; aware UTC."""
        if self.open_at(moment, zone):
            return moment.astimezone(UTC)
        day = moment.astimezone(zone).date()
        openings = (self._opening(day + timedelta(days=offset), zone) for offset in range(-1, 4))
        later = (opened for opened in openings if opened > moment and self.open_at(opened, zone))
        # Hours shorter than the margin never open.
        return next(later, moment.astimezone(UTC) + timedelta(days=1))

    @property
    def length(self) -> timedelta:
        """How long it is open; a whole day where it always is."""
        opens, closes = (
            timedelta(hours=t.hour, minutes=t.minute) for t in (self.opens, self.closes)
        )
        return (closes - opens) % timedelta(days=1) or timedelta(days=1)

    def _within(self, local: datetime) -> bool:
        now = local.time()
        if self.opens < self.closes:
            return self.opens <= now < self.closes
        return now >= self.opens or now < self.closes

    def _opening(self, day: date, zone: ZoneInfo) -> datetime:
        """When it opens on that day. A local time that the clock skips is what it jumps to."""
        return datetime.combine(day, self.opens, zone).astimezone(UTC)


def read_time(text: str) -> time:
    """A time of day from `09:00`. Raises ValueError."""
    found = TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError("a time of day looks like 09:00")
    return time(int(found[1]), int(found[2]))
