"""What guests said: the list and its export, the picture, one of them with its visit, `seen`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.connections import business_store
from uzel.model.rules import read_rules
from uzel.people.store import note
from uzel.views.ratings import (
    STARS,
    Said,
    SaidFilter,
    SaidLife,
    Tallies,
    Tally,
    list_said,
    said_life,
    tallies,
)
from uzel.views.ratings_store import at_micros, mark_seen, micros_of, unseen
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.funnel import PLATFORM_NAMES
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_ID, PER_PAGE, Listing, found, row_id, whole
from uzel.web.console.page import go, render
from uzel.web.console.period import NAMES, Period, asked_for, period_of, query_of

USUAL_PERIOD = "90d"
WHICH = {
    "": m("все"),
    "unseen": m("ждут ответа"),
    "worded": m("с сообщением"),
}
HEAD = (
    *("id", "said_at", "place", "rating", "comment", "guest", "phone", "email", "visit"),
    *("event_id", "seen_by", "seen_at"),
)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """The list as the address asks for it. which: a key of WHICH."""

    period: Period
    place: int | None
    stars: int | None
    which: str
    before: int | None

    @property
    def values(self) -> dict[str, object]:
        """The filter but for the period, as fields of an address."""
        return {"place": self.place, "stars": self.stars, "which": self.which}

    @property
    def query(self) -> str:
        """All of the filter as a query string."""
        return query_of(self.period.values, self.values)

    @property
    def filter(self) -> SaidFilter:
        """The filter of the views."""
        return SaidFilter(
            self.period.since,
            self.period.until,
            self.place,
            self.stars,
            unseen=self.which == "unseen",
            worded=self.which == "worded",
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """How many gave so many stars; `width` out of 100."""

    stars: int
    count: int
    share: float
    width: float


@router.get("/ratings")
async def show_list(desk: OwnDesk) -> Response:
    """What was said in a time, newest first, and the picture of it."""
    wanted, low, names = asked(desk), await low_rating_of(desk), await names_of(desk)
    pool, business = desk.deps.pool, desk.business.id
    page = await list_said(pool, business, wanted.filter, low, wanted.before, PER_PAGE)
    period = wanted.period
    seen = await tallies(pool, business, period.since, period.until, low, wanted.place)
    older = query_of(period.values, wanted.values, {"before": page.next}) if page.next else None
    newer = wanted.query if wanted.before is not None else None
    return render(
        desk,
        "ratings.html",
        wanted=wanted,
        period=period,
        periods=NAMES,
        chosen=wanted.place,
        names=names,
        which=WHICH,
        listing=Listing(page.items, page.cut, newer, older),
        seen=seen,
        low=low,
        bars=list(bars_of(seen.total)),
        rows=list(rows_of(seen, names)),
        query_of=query_of,
    )


@router.get("/ratings.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""
    wanted, low = asked(desk), await low_rating_of(desk)
    pool, business = desk.deps.pool, desk.business.id

    def row(said: Said) -> tuple[Cell, ...]:
        return (
            *(said.id, said.said_at, said.place, said.rating, said.comment, said.guest_name),
            *(said.phone, said.email, said.visit, said.event_id, said.seen_by, said.seen_at),
        )

    return export(
        "ratings",
        desk.zone,
        HEAD,
        lambda before, limit: list_said(pool, business, wanted.filter, low, before, limit),
        row,
    )


@router.get("/ratings/{request_id}")
async def show_one(desk: OwnDesk, request_id: str) -> Response:
    """What one guest said, about which visit, and what was sent; the link in the manager's news."""
    return await page_of(desk, found(await said_life(desk.deps.pool, row_id(request_id))))


@router.post("/ratings/{request_id}/seen")
async def deal_with(desk: OwnDesk, request_id: str) -> Response:
    """Somebody has dealt with it, as far as it stood on the page they saw."""
    number, said = row_id(request_id), whole(desk.form.get("said"), LARGEST_ID)
    if said is None:
        raise HTTPException(400)
    login = desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await mark_seen(connection, number, login, at_micros(said))
        if done:
            await note(connection, login, "seen", f"review_request:{number}", {})
    return go(f"/ratings/{number}", "seen" if done else "said_more")


async def page_of(desk: Desk, life: SaidLife) -> Response:
    """The page of one."""
    rules = await business_store.rules_of(desk.deps.pool, life.said.business_id)
    low = read_rules(rules["rules"]).low_rating
    return render(
        desk,
        "rating.html",
        life=life,
        said=life.said,
        waits=life.said.waits(low),
        stands=micros_of(life.said.said_at) if life.said.said_at else None,
        platforms=PLATFORM_NAMES,
        other_business=life.said.business_id != desk.business.id,
    )


def asked(desk: Desk) -> Asked:
    """Read the address."""
    query = desk.request.query_params
    stars, which = whole(query.get("stars"), 5), query.get("which", "")
    return Asked(
        period_of(desk, USUAL_PERIOD),
        whole(query.get("place"), LARGEST_ID),
        stars or None,
        which if which in WHICH else "",
        whole(query.get("before"), LARGEST_ID),
    )


async def waiting(desk: Desk) -> int:
    """How many guests of the business wait for an answer, as `/ratings?which=unseen` lists them."""
    since = usual_period(desk).since
    return await unseen(desk.deps.pool, desk.business.id, await low_rating_of(desk), since)


def usual_period(desk: Desk) -> Period:
    """The period shown where the address names none."""
    return asked_for({}, desk.zone, datetime.now(desk.zone).date(), USUAL_PERIOD)


async def low_rating_of(desk: Desk) -> int:
    """Up to how many stars a person should hear of it."""
    rules = await business_store.rules_of(desk.deps.pool, desk.business.id)
    return read_rules(rules["rules"]).low_rating


async def names_of(desk: Desk) -> Mapping[int, str]:
    """Places of the business by id."""
    places = await business_store.places_of(desk.deps.pool, desk.business.id)
    return {place["id"]: place["name"] for place in places}


def bars_of(tally: Tally) -> Iterator[Bar]:
    """The distribution, five stars first."""
    most = max(tally.stars.values(), default=0)
    for stars in STARS:
        count = tally.stars.get(stars, 0)
        width = round(max(1.0, 100 * count / most), 2) if count else 0.0
        yield Bar(stars, count, count / tally.count if tally.count else 0.0, width)


def rows_of(
    seen: Tallies, names: Mapping[int, str]
) -> Iterator[tuple[int | None, str, Tally, Sequence[Bar]]]:
    """(place, its name, tally, distribution) place by place."""
    for place_id, tally in seen.places.items():
        bars = [replace(bar, width=round(100 * bar.share, 2)) for bar in bars_of(tally)]
        yield place_id, names.get(place_id or 0, ""), tally, bars
