"""Costs: what messages cost by day, channel, connection and place; today's budget; the export."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections import business_store
from uzel.views.costs import Cost, CostFilter, CostRow, Costs, budget, costs
from uzel.views.rows import Page
from uzel.web.console import words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.listing import LARGEST_ID, LARGEST_INT, whole
from uzel.web.console.names import CHANNELS
from uzel.web.console.page import render
from uzel.web.console.period import NAMES, Period, period_of, query_of

HEAD = (
    *("day", "channel", "connector", "connection", "place", "messages", "segments"),
    *("cost_told_minor", "cost_estimated_minor", "messages_without_price", "currency"),
)
# In units of the drawing.
SLOT, WIDTH, HEIGHT, LEAST = 10.0, 7.0, 60.0, 1.0

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    period: Period
    channel: str | None
    connection: int | None
    place: int | None

    @property
    def values(self) -> dict[str, object]:
        """All but the period, as fields of an address."""
        return {"channel": self.channel, "connection": self.connection, "place": self.place}

    @property
    def filter(self) -> CostFilter:
        """The filter of the views."""
        return CostFilter(
            self.period.since, self.period.until, self.channel, self.connection, self.place
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: what providers said, and on top of it what was estimated. Heights in units of the
    drawing, from its bottom.
    """

    day: date
    x: float
    told: float
    estimated: float
    cost: Cost


@router.get("/costs")
async def show(desk: OwnDesk) -> Response:
    """The sums, the picture, the tables."""
    wanted, places = asked(desk), await names_of(desk)
    pool, business = desk.deps.pool, desk.business
    seen = await costs(pool, business.id, business.zone.key, wanted.filter)
    currency = max(seen.total.sums().items(), key=lambda item: item[1], default=("", 0))[0]
    by_day = seen.by(lambda row: row.day)
    return render(
        desk,
        "costs.html",
        wanted=wanted,
        period=wanted.period,
        periods=NAMES,
        chosen=wanted.place,
        names=places,
        channels=CHANNELS,
        connections=channels_of(desk),
        seen=seen,
        total=seen.total,
        today=await budget(pool, business.id, datetime.now(business.zone).date()),
        bars=list(bars_of(wanted.period, by_day, currency)),
        size=(len(wanted.period.days) * SLOT, HEIGHT),
        slot=(SLOT, WIDTH),
        by_day=by_day,
        parts_of=parts_of(desk, seen, places),
        query_of=query_of,
    )


@router.get("/costs.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file, to the last message."""
    wanted, places = asked(desk), await names_of(desk)
    business = desk.business
    titles = titles_of(desk)

    async def fetch(before: int | None, limit: int) -> Page[CostRow]:
        pool = desk.deps.pool
        seen = await costs(pool, business.id, business.zone.key, wanted.filter, each=True)
        return Page(tuple(seen.rows), None)

    def row(item: CostRow) -> tuple[Cell, ...]:
        connector, name = titles.get(item.connection_id, ("", ""))
        return (
            *(item.day.isoformat(), item.channel, connector, name, places.get(item.place_id or 0)),
            *(item.messages, item.segments, item.told, item.estimated, item.unpriced),
            item.currency,
        )

    return export("costs", desk.zone, HEAD, fetch, row)


def asked(desk: Desk) -> Asked:
    """Read the address."""
    query = desk.request.query_params
    channel = query.get("channel")
    return Asked(
        period_of(desk),
        channel if channel in CHANNELS else None,
        whole(query.get("connection"), LARGEST_INT),
        whole(query.get("place"), LARGEST_ID),
    )


def channels_of(desk: Desk) -> Mapping[int, str]:
    """The business's connections that can send, by id."""
    return {
        active.id: active.title
        for active in desk.deps.registry.all()
        if active.connector.channels and active.business_id == desk.business.id
    }


def titles_of(desk: Desk) -> Mapping[int, tuple[str, str]]:
    """Connection → (connector, name)."""
    return {a.id: (a.connector.title, a.name) for a in desk.deps.registry.all()}


async def names_of(desk: Desk) -> Mapping[int, str]:
    """Places of the business by id."""
    places = await business_store.places_of(desk.deps.pool, desk.business.id)
    return {place["id"]: place["name"] for place in places}


def bars_of(period: Period, by_day: Mapping[date, Cost], currency: str) -> Iterator[Bar]:
    """A bar for each day, in the currency most was spent in."""
    peak = max((cost.sums().get(currency, 0) for cost in by_day.values()), default=0)
    for number, day in enumerate(period.days):
        cost = by_day.get(day, Cost())
        told, estimated = (
            height_of(part.get(currency, 0), peak) for part in (cost.told, cost.estimated)
        )
        yield Bar(day, number * SLOT + (SLOT - WIDTH) / 2, told, estimated, cost)


def height_of(amount: int, peak: int) -> float:
    """Any amount above nothing can be seen."""
    return round(max(LEAST, HEIGHT * amount / peak), 2) if amount and peak else 0.0


def parts_of(
    desk: Desk, seen: Costs, places: Mapping[int, str]
) -> Sequence[tuple[str, Sequence[tuple[str, str, Cost]]]]:
    """(what it is gathered by, [(name, value for the address, cost)], the dearest first)."""
    titles = channels_of(desk)
    gathered = (
        ("channel", seen.by(lambda row: row.channel)),
        ("connection", seen.by(lambda row: row.connection_id)),
        ("place", seen.by(lambda row: row.place_id)),
    )

    def name_of(kind: str, key: object) -> str:
        if kind == "channel":
            return str(words.named(desk.language, CHANNELS, str(key)))
        known: Mapping[int, str] = titles if kind == "connection" else places
        return known.get(key, "") if isinstance(key, int) else ""

    return [
        (
            kind,
            sorted(
                ((name_of(kind, key), str(key or ""), cost) for key, cost in found.items()),
                key=lambda item: (-sum(item[2].sums().values()), -item[2].messages),
            ),
        )
        for kind, found in gathered
    ]
