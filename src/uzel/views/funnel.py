"""From a visit to a review: how far guests came, place by place, and why some were not asked.

A row of a funnel is about the visits of a period and all that became of them since, so a stage is
never larger than the one before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from uzel.flows.review_requests.settings import Business, load
from uzel.kit.database import Connection, Pool
from uzel.views import funnel_store as store

STAGES = ("visits", "asked", "delivered", "clicked", "rated")
PLATFORMS = ("yandex", "2gis", "google", "other")
ARRIVED = "delivered"


@dataclass(slots=True)
class Stages:
    """How many came how far.

    visits     that took place; `asked`: a request was made
    delivered  the message is with the guest, as far as the provider or a click tells
    clicked    the link was opened; `rated`: stars were given, `stars` of them altogether
    followed   platform (`yandex`, `2gis`, `google`, `other`) → who went on to write there
    lost       state of the message (`planned`, `accepted`, `failed`, `cancelled`, `unknown`) → of
               the requests that did not arrive, or not yet
    """

    visits: int = 0
    asked: int = 0
    delivered: int = 0
    clicked: int = 0
    rated: int = 0
    stars: int = 0
    followed: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)

    @property
    def average(self) -> float | None:
        """Of the stars; None without any."""
        return self.stars / self.rated if self.rated else None

    @property
    def went_on(self) -> int:
        """To any platform; who went to two of them counts twice."""
        return sum(self.followed.values())


@dataclass(frozen=True, slots=True)
class Funnel:
    """places    place id (None: unknown) → its row, the fullest first
    reasons   why visits did not lead to a request → how many, most first
    unmapped  orders whose status nobody has explained, so they may be visits
    exact     False: scaled up from a sample
    """

    total: Stages
    places: Mapping[int | None, Stages]
    reasons: Mapping[str, int]
    unmapped: int
    exact: bool


@dataclass(slots=True)
class Counted:
    """Rows being gathered, place by place."""

    places: dict[int | None, Stages] = field(default_factory=dict)
    reasons: dict[int | None, dict[str, int]] = field(default_factory=dict)

    def at(self, place_id: int | None) -> Stages:
        """The row of a place."""
        return self.places.setdefault(place_id, Stages())


async def funnel(
    pool: Pool,
    business_id: int,
    sources: Mapping[int, str],
    since: datetime,
    until: datetime,
    place_id: int | None = None,
) -> Funnel:
    """The funnel of visits that were reported in a time. `sources`: connections of the business →
    name of the connector. `place_id`: of that place alone.
    """
    counted = Counted()
    async with pool.acquire() as connection:
        business = (await load(connection, [business_id]))[business_id]
        exact = await add_unasked(connection, counted, business, sources, since, until)
        exact &= await add_asked(connection, counted, business_id, since, until)
        unmapped = await store.unmapped(connection, list(sources), since, until)
    if place_id is not None:
        counted.places = {k: row for k, row in counted.places.items() if k == place_id}
    return Funnel(
        total_of(counted.places.values()),
        dict(sorted(counted.places.items(), key=lambda item: -item[1].visits)),
        reasons_of(counted, place_id),
        unmapped,
        exact,
    )


async def add_unasked(
    connection: Connection,
    counted: Counted,
    business: Business,
    sources: Mapping[int, str],
    since: datetime,
    until: datetime,
) -> bool:
    """Visits nobody was asked about. Returns whether each was counted."""
    span = await store.span_of_visits(connection, since, until)
    if span is None:
        return True
    for row in await store.unasked(connection, span, list(sources), since, until):
        place = business.place(sources[row["connection_id"]], row["place"])
        place_id, count = place.id if place else None, row["count"] * span.step
        counted.at(place_id).visits += count
        reasons = counted.reasons.setdefault(place_id, {})
        reason = row["reason"] or "pending"
        reasons[reason] = reasons.get(reason, 0) + count
    return span.step == 1


async def add_asked(
    connection: Connection, counted: Counted, business_id: int, since: datetime, until: datetime
) -> bool:
    """Requests, and what guests made of them. Returns whether each was counted."""
    span = await store.span_of_requests(connection, since, until)
    if span is None:
        return True
    for row in await store.asked(connection, span, business_id, since, until):
        add_request(counted.at(row["place_id"]), row, row["count"] * span.step)
    for row in await store.followed(connection, span, business_id, since, until):
        followed = counted.at(row["place_id"]).followed
        followed[row["platform"]] = row["count"] * span.step
    return span.step == 1


def add_request(stages: Stages, row: Any, count: int) -> None:
    """So many requests of a kind: a row of store.asked."""
    stages.visits += count
    stages.asked += count
    clicked = row["clicked"] or row["rating"] is not None
    if clicked or row["sent"] == ARRIVED:
        stages.delivered += count
    else:
        state = row["sent"] or "planned"
        stages.lost[state] = stages.lost.get(state, 0) + count
    if clicked:
        stages.clicked += count
    if row["rating"] is not None:
        stages.rated += count
        stages.stars += row["rating"] * count


def total_of(rows: Iterable[Stages]) -> Stages:
    """All places together."""
    listed = list(rows)
    sums = {name: sum(getattr(row, name) for row in listed) for name in (*STAGES, "stars")}
    return Stages(
        **sums,
        followed=merged(listed, lambda row: row.followed),
        lost=merged(listed, lambda row: row.lost),
    )


def merged(rows: Sequence[Stages], part: Callable[[Stages], Mapping[str, int]]) -> dict[str, int]:
    """The sums of a part that is counted by code."""
    found: dict[str, int] = {}
    for row in rows:
        for code, count in part(row).items():
            found[code] = found.get(code, 0) + count
    return found


def reasons_of(counted: Counted, place_id: int | None) -> dict[str, int]:
    """Reasons at a place, or everywhere, most first."""
    found: dict[str, int] = {}
    for place, reasons in counted.reasons.items():
        for reason, count in reasons.items():
            if place_id is None or place == place_id:
                found[reason] = found.get(reason, 0) + count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
