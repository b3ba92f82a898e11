"""The day of a business: limits of a day are those of its own midnight."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from uzel.kit.database import Connection
from uzel.payouts import limit_store as store


@dataclass(frozen=True, slots=True)
class Day:
    """A date somewhere, and when it began (aware)."""

    date: date
    begun_at: datetime


async def today(connection: Connection, connection_id: int) -> Day:
    """By the clock of the business that a connection belongs to."""
    return day_of(datetime.now(ZoneInfo(await store.zone(connection, connection_id))))


def day_of(moment: datetime) -> Day:
    """That in which an aware moment falls, in its own zone."""
    return Day(moment.date(), datetime.combine(moment.date(), time(), moment.tzinfo))
