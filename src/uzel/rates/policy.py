"""What is allowed without a second person, how old a rate may be, and whose word goes first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.rates import store
from uzel.rates.pair import ADMIN, SOURCES, RateRefused, Why

# Small moves add up over so long.
ADDING_UP = timedelta(hours=24)
# Banks set rates for tomorrow, before long holidays for later; not for next year.
FARTHEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings.

    move_percent  how far a rate may be moved by one person; `jump_percent`: by a bank, in a day
    bank_days     how long after its day a bank's rate may be used; `admin_days`: after its entry
                  that of a person. None: for ever
    sources       whose rate is used where several have one: the first of them
    """

    move_percent: Decimal = Decimal(5)
    jump_percent: Decimal = Decimal(15)
    bank_days: int = 4
    admin_days: int | None = None
    sources: Sequence[str] = SOURCES

    def limit(self, source: str) -> Decimal:
        """The part by which a rate may move without being asked about."""
        percent = self.move_percent if source == ADMIN else self.jump_percent
        return percent / 100


async def policy(connection: Connection | Pool) -> Policy:
    """The settings of now."""
    row = await store.policy(connection)
    if row is None:
        return Policy()
    names = ("move_percent", "jump_percent", "bank_days", "admin_days")
    return Policy(**{name: row[name] for name in names}, sources=tuple(row["sources"]))


async def set_policy(connection: Connection, *, by: str, **changes: Any) -> Policy:
    """Change some of the settings from now on. Raises RateRefused."""
    made = replace(await policy(connection), **changes)
    if not all(0 <= percent < 100 for percent in (made.move_percent, made.jump_percent)):
        raise RateRefused(Why.NOT_A_RATE, "a limit lies between 0 and 99 per cent")
    if not all(0 <= days <= 3650 for days in (made.bank_days, made.admin_days or 0)):
        raise RateRefused(Why.NOT_A_RATE, "an age lies between 0 and 3650 days")
    if not made.sources or len(set(made.sources)) < len(made.sources):
        raise RateRefused(Why.NOT_A_RATE, "each source has one place")
    if not set(made.sources) <= set(SOURCES):
        raise RateRefused(Why.NOT_A_RATE, f"sources are {', '.join(SOURCES)}")
    await store.add_policy(
        connection,
        move_percent=made.move_percent,
        jump_percent=made.jump_percent,
        bank_days=made.bank_days,
        admin_days=made.admin_days,
        sources=made.sources,
        by=by,
    )
    return made
