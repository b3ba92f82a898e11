"""A span of whole days of the business's calendar, as an address asks for it: `?period=30d`, or
`?from=2026-11-01&to=2026-11-15`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m

DAYS = {"7d": 7, "30d": 30, "90d": 90}
NAMES = {"7d": m("7 дней"), "30d": m("30 дней"), "90d": m("90 дней")}
USUAL = "30d"
LONGEST_DAYS = 366
OLDEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Both days belong to it. name: a key of DAYS, empty for days somebody chose."""

    name: str
    first: date
    last: date
    zone: tzinfo

    @property
    def since(self) -> datetime:
        """When it begins."""
        return midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> list[date]:
        """All its days, oldest first."""
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=number) for number in range(count)]

    @property
    def values(self) -> dict[str, str]:
        """As the fields of an address."""
        if self.name:
            return {"period": self.name}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    @property
    def in_lists(self) -> dict[str, str]:
        """The same for the lists of the journal, which go by the minute."""
        after = self.last + timedelta(days=1)
        return {"since": f"{self.first}T00:00", "until": f"{after}T00:00"}


def period_of(desk: Desk, usual: str = USUAL) -> Period:
    """What the address asks for; `usual` where it asks for nothing that makes sense."""
    zone = desk.zone
    return asked_for(desk.request.query_params, zone, datetime.now(zone).date(), usual)


def asked_for(query: Mapping[str, str], zone: tzinfo, today: date, usual: str) -> Period:
    """The same of any query string on any day."""
    first, last = day_of(query.get("from")), day_of(query.get("to"))
    if "period" not in query and (first or last):
        last = max(OLDEST, min(last or today, today))
        first = max(min(first or last, last), last - timedelta(days=LONGEST_DAYS - 1))
        return Period(name_of(first, last, today), first, last, zone)
    name = query.get("period", usual)
    name = name if name in DAYS else usual
    return Period(name, today - timedelta(days=DAYS[name] - 1), today, zone)


def name_of(first: date, last: date, today: date) -> str:
    """What days somebody chose are called; empty if nothing in particular."""
    count = (last - first).days + 1
    return next((name for name, days in DAYS.items() if last == today and days == count), "")


def day_of(text: str | None) -> date | None:
    """The value of a date field; None if it is none that a calendar of ours has."""
    try:
        found = date.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return max(OLDEST, found)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The beginning of a day in a time zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def query_of(*parts: Mapping[str, object]) -> str:
    """Fields of an address as a query string, without the empty ones."""
    given = {name: value for part in parts for name, value in part.items()}
    return urlencode({name: value for name, value in given.items() if value not in (None, "")})
