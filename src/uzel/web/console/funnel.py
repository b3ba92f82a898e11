"""The funnel: from visits to reviews, as a picture, in numbers, and why visits were not asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections import business_store
from uzel.views.funnel import STAGES, Funnel, Stages, funnel
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_ID, whole
from uzel.web.console.page import render
from uzel.web.console.period import NAMES, Period, period_of, query_of

# In units of the drawing: it is as wide as its page and as high as its rows, see console.css.
WIDTH, BAR, GAP = 100.0, 26.0, 22.0
LEAST = 0.6
STAGE_NAMES = {
    "visits": m("визитов"),
    "asked": m("просьб"),
    "delivered": m("доставлено"),
    "clicked": m("открыли ссылку"),
    "rated": m("поставили оценку"),
}
PLATFORM_NAMES = {
    "yandex": m("Яндекс"),
    "2gis": m("2ГИС"),
    "google": "Google",
    "other": m("другая площадка"),
}
# Requests that did not arrive: what became of the message.
LOST_NAMES = {
    "failed": m("не доставлено"),
    "cancelled": m("отозвано"),
    "unknown": m("исход неизвестен"),
    "accepted": m("в пути, отчёта ещё нет"),
    "planned": m("ждёт отправки"),
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: its bar and the slope that leads to the next one, None for the last. share: of
    all visits, `kept`: of the stage before; None where there are none.
    """

    code: str
    name: str
    count: int
    share: float | None
    kept: float | None
    y: float
    width: float
    slope: str | None


@router.get("/funnel")
async def show(desk: OwnDesk) -> Response:
    """The picture, the table by place, the reasons."""
    period = period_of(desk)
    places = await business_store.places_of(desk.deps.pool, desk.business.id)
    names = {place["id"]: place["name"] for place in places}
    chosen = whole(desk.request.query_params.get("place"), LARGEST_ID)
    chosen = chosen if chosen in names else None
    seen = await funnel_of(desk, period, chosen)
    return render(
        desk,
        "funnel.html",
        period=period,
        periods=NAMES,
        names=names,
        chosen=chosen,
        seen=seen,
        steps=list(steps_of(seen.total)),
        height=len(STAGES) * (BAR + GAP) - GAP,
        bar=BAR,
        platforms=PLATFORM_NAMES,
        lost=LOST_NAMES,
        query_of=query_of,
        most=max(seen.reasons.values(), default=0),
    )


async def funnel_of(desk: Desk, period: Period, place_id: int | None) -> Funnel:
    """The funnel of the business that is chosen."""
    sources = {
        active.id: active.connector.name
        for active in desk.deps.registry.all()
        if active.business_id == desk.business.id and active.connector.webhook
    }
    return await funnel(
        desk.deps.pool, desk.business.id, sources, period.since, period.until, place_id
    )


def steps_of(stages: Stages) -> Iterator[Step]:
    """The stages with their geometry, from the top down."""
    counts = [getattr(stages, name) for name in STAGES]
    widths = [width_of(count, counts[0]) for count in counts]
    for number, (code, count) in enumerate(zip(STAGES, counts, strict=True)):
        yield Step(
            code,
            STAGE_NAMES[code],
            count,
            share(count, counts[0]),
            share(count, counts[number - 1]) if number else None,
            number * (BAR + GAP),
            widths[number],
            slope_of(number, widths) if number + 1 < len(widths) else None,
        )


def width_of(count: int, most: int) -> float:
    """Any number above nothing can be seen."""
    return round(max(LEAST, WIDTH * count / most), 2) if count and most else 0.0


def slope_of(number: int, widths: Sequence[float]) -> str:
    """The corners of the area between two bars."""
    top = number * (BAR + GAP) + BAR
    left = (0, top), (widths[number], top), (widths[number + 1], top + GAP), (0, top + GAP)
    return " ".join(f"{x:g},{y:g}" for x, y in left)


def share(count: int, of: int) -> float | None:
    """A part of a whole, between 0 and 1."""
    return count / of if of else None
