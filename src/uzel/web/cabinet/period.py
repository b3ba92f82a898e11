"""A span of whole days of the partner's zone, as an address asks for it: `?period=last`, or
`?from=2026-11-01&to=2026-11-15`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from uzel.web.console.language import mark as m
from uzel.web.console.period import day_of, midnight

NAMES = {"this": m("Этот месяц"), "last": m("Прошлый месяц")}
USUAL = "this"
NEWEST = date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Both days belong to it. name: a key of NAMES, empty for days somebody chose."""

    name: str
    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def values(self) -> dict[str, str]:
        """As the fields of an address."""
        if self.name:
            return {"period": self.name}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def period_of(query: Mapping[str, str], zone: ZoneInfo, today: date) -> Period:
    """What an address asks for; this month where it asks for nothing that makes sense."""
    first, last = day_in(query, "from"), day_in(query, "to")
    if "period" not in query and (first or last):
        last = last or today
        return Period("", min(first or last, last), last, zone)
    month = today.replace(day=1)
    if query.get("period") == "last":
        before = month - timedelta(days=1)
        return Period("last", before.replace(day=1), before, zone)
    return Period(
        "this", month, (month + timedelta(days=31)).replace(day=1) - timedelta(days=1), zone
    )


def day_in(query: Mapping[str, str], name: str) -> date | None:
    """A day of an address, not so far away that its end would be beyond all calendars."""
    found = day_of(query.get(name))
    return min(found, NEWEST) if found else None
