"""How long the money at a provider lasts.

Whether a provider takes the money of a payment away when it takes the payment, or when it executes
it, is not known. So everything that is held here counts as still to be taken from there: that errs
on the careful side for as long as a payout is on its way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from uzel.kit.database import Pool
from uzel.payouts.accounting import balance_store as store
from uzel.payouts.accounting import reconcile_store

CURRENCY = "RUB"
WEEKS = 4
LOOKS_BACK = timedelta(weeks=WEEKS)
# No forecast looks further.
LOOKS_AHEAD_DAYS = 365
SHOWN = timedelta(days=30)
# It is asked for every ten minutes.
OLD_AFTER = timedelta(minutes=45)
KEPT_WHOLE, KEPT_HOURLY = timedelta(days=2), timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Point:
    """One balance, and what was held when it was told."""

    at: datetime
    balance_minor: int
    held_minor: int


@dataclass(frozen=True, slots=True)
class BalanceView:
    """The money of a connection at its provider, in minor units.

    balance_minor  as the provider said at `at`; None: it never did
    held_minor     of open payouts, now; unsent_minor: of those that wait to be sent
    outflow        weekday (0: Monday) → what is paid on such a day, the average of four weeks
    enough_until   the last day that is covered at that pace; None: no end within a year, or nothing
                   is known
    series         for a picture, the oldest first
    """

    connection_id: int
    currency: str
    balance_minor: int | None
    at: datetime | None
    held_minor: int
    unsent_minor: int
    outflow: Mapping[int, int]
    enough_until: date | None
    is_old: bool
    series: Sequence[Point]

    @property
    def free_minor(self) -> int | None:
        """What is left once all open payouts are paid."""
        return None if self.balance_minor is None else self.balance_minor - self.held_minor

    @property
    def is_short(self) -> bool:
        """Whether open payouts need more than there is."""
        return self.free_minor is not None and self.free_minor < 0


async def balance_view(
    pool: Pool, connection_id: int, now: datetime, shown: timedelta = SHOWN
) -> BalanceView:
    """Where the money stands. `shown`: how far back `series` goes."""
    zone = ZoneInfo(await reconcile_store.zone(pool, connection_id))
    row = await store.newest(pool, connection_id)
    currency = row["currency"] if row else CURRENCY
    standing = await store.standing(pool, connection_id, currency)
    outflow = await weekdays(pool, connection_id, zone, now)
    points = await store.since(pool, connection_id, now - shown)
    today = now.astimezone(zone).date()
    free = row["balance_minor"] - standing["held_minor"] if row else None
    return BalanceView(
        connection_id,
        currency,
        row["balance_minor"] if row else None,
        row["at"] if row else None,
        standing["held_minor"],
        standing["unsent_minor"],
        outflow,
        None if free is None else enough_until(free, outflow, today),
        row is None or row["at"] < now - OLD_AFTER,
        [Point(it["at"], it["balance_minor"], it["held_minor"]) for it in points],
    )


async def weekdays(pool: Pool, connection_id: int, zone: ZoneInfo, now: datetime) -> dict[int, int]:
    """What leaves on each weekday: whole days of the last four weeks, fewer where the connection
    is younger.
    """
    today = now.astimezone(zone).date()
    first = await store.first_paid(pool, connection_id)
    begun = first.astimezone(zone).date() if first else today
    since = max(begun, today - LOOKS_BACK)
    until = midnight(today, zone)
    rows = await store.outflow(pool, connection_id, zone.key, midnight(since, zone), until)
    return averages({row["day"]: row["amount_minor"] for row in rows}, since, today)


def averages(paid: Mapping[date, int], since: date, today: date) -> dict[int, int]:
    """Weekday → average of the days from `since` on and before `today`, rounded up; a weekday that
    had no such day has none.
    """
    sums, days = dict[int, int](), dict[int, int]()
    for passed in range((today - since).days):
        day = since + timedelta(days=passed)
        sums[day.weekday()] = sums.get(day.weekday(), 0) + paid.get(day, 0)
        days[day.weekday()] = days.get(day.weekday(), 0) + 1
    return {weekday: ceil(total / days[weekday]) for weekday, total in sorted(sums.items())}


def enough_until(free_minor: int, outflow: Mapping[int, int], today: date) -> date | None:
    """The last day, from today on, whose outflow is covered, with all before it; the day before
    today where nothing is. None: no end within a year.
    """
    left = free_minor
    for passed in range(LOOKS_AHEAD_DAYS):
        day = today + timedelta(days=passed)
        left -= outflow.get(day.weekday(), 0)
        if left < 0:
            return day - timedelta(days=1)
    return None


async def prune(pool: Pool, now: datetime) -> None:
    """Leave an hour's last balance of what is older than two days, a day's of what is older than
    five weeks.
    """
    await store.prune(pool, now - KEPT_HOURLY, now - KEPT_WHOLE)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
