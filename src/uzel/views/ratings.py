"""What guests said: stars and messages to the owner, one by one and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views import ratings_store as store
from uzel.views.message_store import messages_behind
from uzel.views.rows import MessageRow, Page

STARS = (5, 4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Said:
    """What a guest said about a visit. said_at: the last time they did; seen_by: who dealt with
    it; `place` is None where the place is not known.
    """

    id: int
    business_id: int
    connection_id: int
    place_id: int | None
    place: str | None
    event_id: int
    visit: str
    phone: str | None
    email: str | None
    guest_name: str | None
    rating: int | None
    rated_at: datetime | None
    comment: str | None
    commented_at: datetime | None
    said_at: datetime | None
    clicked_at: datetime | None
    seen_by: str | None
    seen_at: datetime | None
    created_at: datetime

    def waits(self, low_rating: int) -> bool:
        """Whether a person should look at it: few stars, or words, and nobody did."""
        low = self.rating is not None and self.rating <= low_rating
        return self.seen_at is None and (low or self.comment is not None)


@dataclass(frozen=True, slots=True)
class SaidLife:
    """One of them with its visit. subject: of the visit's event; follows: (platform, when) the
    guest went on to; messages: what was sent about the visit, to the guest and to ourselves.
    """

    said: Said
    business: str
    subject: str | None
    follows: Sequence[tuple[str, datetime]]
    messages: Sequence[MessageRow]


@dataclass(frozen=True, slots=True)
class SaidFilter:
    """What a list may be narrowed to. unseen: only what waits for an answer; worded: only with a
    message to the owner.
    """

    since: datetime = store.EPOCH
    until: datetime = store.LAST
    place_id: int | None = None
    rating: int | None = None
    unseen: bool = False
    worded: bool = False


@dataclass(slots=True)
class Tally:
    """Stars → how many; `unseen` of all wait for an answer, `comments` came with words."""

    stars: dict[int, int] = field(default_factory=dict)
    unseen: int = 0
    comments: int = 0

    @property
    def count(self) -> int:
        """All that gave stars."""
        return sum(self.stars.values())

    @property
    def average(self) -> float | None:
        """Of the stars; None without any."""
        total = sum(stars * count for stars, count in self.stars.items())
        return total / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Tallies:
    """places: place id → its tally, the fullest first; `exact` False: the newest only."""

    total: Tally
    places: Mapping[int | None, Tally]
    exact: bool


async def list_said(
    pool: Pool,
    business_id: int,
    wanted: SaidFilter,
    low_rating: int,
    before: int | None,
    limit: int,
) -> Page[Said]:
    """What passes the filter, newest first. `before`: microseconds, as `Page.next` gives them."""
    end = wanted.until if before is None else min(wanted.until, store.at_micros(before))
    rest = store.conditions(
        wanted.place_id,
        wanted.rating,
        unseen_up_to=low_rating if wanted.unseen else None,
        worded=wanted.worded,
    )
    rows, floor = await store.listed(pool, business_id, wanted.since, end, rest, limit)
    items = tuple(to_said(row) for row in rows)
    if len(items) > limit:
        shown = page_of(items, limit)
        return Page(shown, store.micros_of(shown[-1].said_at or store.EPOCH))
    return Page(items, store.micros_of(floor) if floor else None, cut=floor is not None)


def page_of(items: Sequence[Said], limit: int) -> tuple[Said, ...]:
    """The first `limit`, and those that were said at the same moment as the last of them."""
    last = items[limit - 1].said_at
    return tuple(
        item for number, item in enumerate(items) if number < limit or item.said_at == last
    )


async def said_life(pool: Pool, request_id: int) -> SaidLife | None:
    """One request and what a guest said about it, if anything; None if there is none."""
    row = await store.find(pool, request_id)
    if row is None:
        return None
    columns = dict(row)
    business, subject = columns.pop("business"), columns.pop("subject")
    said = Said(**columns)
    origins = [f"review_request:{said.id}", f"review_reminder:{said.id}"]
    return SaidLife(
        said,
        business,
        subject,
        [(follow["platform"], follow["at"]) for follow in await store.follows(pool, said.id)],
        await messages_behind(pool, [said.event_id], origins),
    )


async def tallies(
    connection: Connection | Pool,
    business_id: int,
    since: datetime,
    until: datetime,
    low_rating: int,
    place_id: int | None = None,
) -> Tallies:
    """Stars given in a time, altogether (or at a place) and place by place."""
    places: dict[int | None, Tally] = {}
    rows = await store.counted(connection, business_id, since, until, low_rating)
    for row in rows:
        add_row(places.setdefault(row["place_id"], Tally()), row)
    total = Tally()
    for row in rows:
        if place_id is None or row["place_id"] == place_id:
            add_row(total, row)
    exact = sum(row["count"] for row in rows) < store.COUNTED
    return Tallies(total, dict(sorted(places.items(), key=lambda p: -p[1].count)), exact)


def add_row(tally: Tally, row: Any) -> None:
    """A row of store.counted."""
    if row["rating"] is not None:
        tally.stars[row["rating"]] = tally.stars.get(row["rating"], 0) + row["count"]
    tally.unseen += row["unseen"]
    tally.comments += row["comments"]


def to_said(row: Any) -> Said:
    """A row with the columns of store.COLUMNS."""
    return Said(**row)
