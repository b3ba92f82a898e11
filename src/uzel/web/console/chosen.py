"""Which business the settings pages are about, where there are several.

`?business=` in an address chooses one and is remembered in a cookie. A form carries the business of
its page, so that a choice made meanwhile in another tab does not turn it to another one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import HTTPException
from starlette.requests import Request

from uzel.connections import business_store
from uzel.connections.store import default_business
from uzel.kit.database import Pool
from uzel.model.rules import Sending

ASKED, COOKIE = "business", "uzel_business"
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Business:
    """One business. sending: a value of model.rules.Sending."""

    id: int
    name: str
    zone: ZoneInfo
    request_gap_days: int
    sending: str

    @property
    def is_live(self) -> bool:
        """Whether all its messages go out."""
        return self.sending == Sending.LIVE.value


async def all_businesses(pool: Pool) -> tuple[Business, ...]:
    """Every business, oldest first; the first one is made if there is none."""
    rows = await business_store.businesses(pool)
    if not rows:
        await default_business(pool)
        rows = await business_store.businesses(pool)
    return tuple(map(to_business, rows))


def to_business(row: Any) -> Business:
    """A row of business_store.businesses."""
    return Business(
        row["id"],
        row["name"],
        zone_of(row["time_zone"]),
        row["request_gap_days"],
        row["sending"] or Sending.LIVE.value,
    )


def zone_of(name: str) -> ZoneInfo:
    """A time zone; UTC where the name means nothing to this machine."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC_ZONE


def chosen_of(
    request: Request, form: Mapping[str, str], businesses: Sequence[Business]
) -> Business:
    """The business a form or an address names, else the one chosen last, else the first. Raises
    HTTPException 404 where there is no business of that name.
    """
    by_id = {str(business.id): business for business in businesses}
    named = form.get(ASKED) or request.query_params.get(ASKED)
    if named:
        if named not in by_id:
            raise HTTPException(404)
        return by_id[named]
    return by_id.get(request.cookies.get(COOKIE, ""), businesses[0])


def to_remember(request: Request, business_id: int | None) -> str | None:
    """What to write into the cookie: a choice that an address made."""
    named = request.query_params.get(ASKED)
    remembered = request.cookies.get(COOKIE)
    return named if named and named == str(business_id) != remembered else None
