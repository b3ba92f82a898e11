"""Lists: what a query string asks for, a page of it, and links that keep the filter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Generic, TypeVar
from urllib.parse import urlencode

from fastapi import HTTPException

from uzel.views.query_store import sane
from uzel.views.rows import Page
from uzel.web.console.desk import Desk

Item = TypeVar("Item")

PER_PAGE = 50
LARGEST_ID = 2**63 - 1
LARGEST_INT = 2**31 - 1
PERIODS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as the address asks for it. Fields of the filter that are empty are absent."""

    values: Mapping[str, str]
    before: int | None
    zone: tzinfo

    def get(self, name: str) -> str | None:
        """A field, for a filter."""
        return self.values.get(name)

    def number(self, name: str) -> int | None:
        """A field that is an id in 32 bits; anything else asks for nothing."""
        return whole(self.values.get(name), LARGEST_INT)

    @property
    def since(self) -> datetime | None:
        """The beginning of the time asked for."""
        if (period := PERIODS.get(self.values.get("period", ""))) is not None:
            return datetime.now(UTC) - period
        return moment(self.values.get("since"), self.zone)

    @property
    def until(self) -> datetime | None:
        """Its end."""
        return None if "period" in self.values else moment(self.values.get("until"), self.zone)

    @property
    def query(self) -> str:
        """The filter as a query string."""
        return urlencode(self.values)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A page of a list. `newer` and `older` are query strings, None where there is nothing."""

    items: tuple[Item, ...]
    cut: bool
    newer: str | None
    older: str | None


def asked(desk: Desk, names: Iterable[str], source: Mapping[str, str] | None = None) -> Asked:
    """Read the query string (or a form): these fields of a filter, the time, where to begin."""
    query = desk.request.query_params if source is None else source
    values = {
        name: value.replace("\0", "")
        for name in (*names, "period", "since", "until")
        if (value := query.get(name, "").strip()[:200])
    }
    return Asked(values, whole(query.get("before"), LARGEST_ID), desk.zone)


def listing(page: Page[Item], wanted: Asked) -> Listing[Item]:
    """A page with links to its neighbours; newer is always the beginning."""
    older = None
    if page.next is not None:
        older = urlencode({**wanted.values, "before": page.next})
    newer = wanted.query if wanted.before is not None else None
    return Listing(page.items, page.cut, newer, older)


def moment(text: str | None, zone: tzinfo) -> datetime | None:
    """The value of a `datetime-local` field, in the business's time; None if it is none. What lies
    beyond all that can be stored becomes the nearest that can.
    """
    try:
        local = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    try:
        return sane((local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC))
    except OverflowError:
        return sane(local.replace(tzinfo=UTC))


def whole(text: str | None, largest: int) -> int | None:
    """A whole number the database can hold, or None."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    return number if (number := int(text)) <= largest else None


def row_id(text: str, largest: int = LARGEST_ID) -> int:
    """An id in an address. Raises HTTPException 404 for what no row can have."""
    number = whole(text, largest)
    if number is None:
        raise HTTPException(404)
    return number


def found(item: Item | None) -> Item:
    """The row, if there is one. Raises HTTPException 404."""
    if item is None:
        raise HTTPException(404)
    return item
