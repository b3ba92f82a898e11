"""The list of leads as robots read it, and how they take some for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from uzel.kit.database import Pool
from uzel.partners import robot_store as store
from uzel.partners.robots import Robot

MOST = 5000
MOST_CLAIMED = 100
LEASE_S, SHORTEST_LEASE_S, LONGEST_LEASE_S = 600, 30, 3600


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads.

    state         only in this one
    of_partners   True: partners' alone; False: the CRM's alone
    partner       of the partner with this id
    before        below this number (internal)
    ids           these (internal numbers)
    is_free       not reported on, and held by nobody
    held_by       held by this robot (internal number)
    """

    state: str | None = None
    of_partners: bool | None = None
    partner: str | None = None
    changed_since: datetime | None = None
    before: int | None = None
    ids: Sequence[int] | None = None
    is_free: bool = False
    held_by: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Leads, the oldest first; `before`: what to ask for next, None at the end."""

    leads: Sequence[Any]
    total: int
    before: int | None


async def page(pool: Pool, robot: Robot, wanted: Wanted, most: int = MOST) -> Page:
    """The newest `most` of them."""
    rows = await store.tasks(pool, robot.book, wanted, most)
    before = rows[-1]["id"] if len(rows) == most else None
    return Page(rows[::-1], await store.count(pool, robot.book), before)


async def claim(
    pool: Pool, robot: Robot, most: int, lease_s: int = LEASE_S, of_partners: bool | None = None
) -> Page:
    """Take up to `most` free ones for so many seconds: no other robot gets them until then."""
    async with pool.acquire() as connection, connection.transaction():
        ids = await store.claim(connection, robot.book, robot.id, most, lease_s, of_partners)
    found = await page(pool, robot, Wanted(ids=ids), MOST_CLAIMED)
    return replace(found, before=None)
