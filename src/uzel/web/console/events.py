"""The list of events and its export; an event's whole life; replay."""

from fastapi import APIRouter
from starlette.responses import Response

from uzel.events.replay import replay
from uzel.people.store import note
from uzel.views.event_store import list_events
from uzel.views.filters import EventFilter
from uzel.views.life import PER_PAGE as PER_PAGE_OF_ELEMENTS
from uzel.views.life import Life, event_life, moved_event, raw_event_life
from uzel.views.rows import EventRow
from uzel.web.console import names, states, words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.listing import (
    LARGEST_INT,
    PER_PAGE,
    Asked,
    asked,
    found,
    listing,
    row_id,
    whole,
)
from uzel.web.console.page import go, render
from uzel.web.console.reasons import REASONS
from uzel.web.console.steps import steps_of
from uzel.web.console.waits import wait_words
from uzel.web.console.ways import ways_told

FIELDS = ("connection", "decision", "reason", "type", "phone", "text")
HEAD = (
    *("id", "created_at", "occurred_at", "connector", "connection", "type", "subject", "phone"),
    *("decision", "reason", "reason_words", "duplicate_of", "raw_event_id"),
)

# Three of them follow each message; whoever opens the list looks for visits and orders.
LEFT_OUT, ANY = ("receipt.updated",), "any"

router = APIRouter(include_in_schema=False)


def narrowed(wanted: Asked) -> EventFilter:
    """The filter of the views."""
    type_ = wanted.get("type")
    return EventFilter(
        connection_id=wanted.number("connection"),
        type=None if type_ == ANY else type_,
        without=LEFT_OUT if leaves_out(wanted) else (),
        decision=wanted.get("decision"),
        reason=wanted.get("reason"),
        phone=wanted.get("phone"),
        text=wanted.get("text"),
        since=wanted.since,
        until=wanted.until,
    )


def leaves_out(wanted: Asked) -> bool:
    """Whether receipts are left out: where nothing but a time was asked for."""
    return not any(wanted.get(name) for name in FIELDS)


@router.get("/events")
async def show_list(desk: OwnDesk) -> Response:
    """Events by any filter, newest first."""
    wanted = asked(desk, FIELDS)
    page = await list_events(desk.deps.pool, narrowed(wanted), wanted.before, PER_PAGE)
    return render(
        desk,
        "events.html",
        wanted=wanted,
        leaves_out=leaves_out(wanted),
        any=ANY,
        listing=listing(page, wanted),
        connections=[a for a in desk.deps.registry.all() if a.connector.webhook],
        types=names.TYPES,
        reasons=REASONS,
        decisions=states.DECISIONS,
    )


@router.get("/events.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""
    wanted, pool = asked(desk, FIELDS), desk.deps.pool
    chosen = narrowed(wanted)

    def row(event: EventRow) -> tuple[Cell, ...]:
        return (
            *(event.id, event.created_at, event.occurred_at, event.connector),
            *(event.connection_name, event.type, event.subject, event.phone),
            *(event.decision, event.reason, words.reason(desk.language, event.reason).unescape()),
            *(event.duplicate_of, event.raw_event_id),
        )

    return export(
        "events",
        desk.zone,
        HEAD,
        lambda before, limit: list_events(pool, chosen, before, limit),
        row,
    )


@router.get("/events/{event_id}")
async def show_event(desk: OwnDesk, event_id: str) -> Response:
    """Everything about one event; a link from before a replay leads to what stands there now."""
    number, pool = row_id(event_id), desk.deps.pool
    life = await event_life(pool, number, first_of(desk))
    if life is None:
        moved = found(await moved_event(pool, number))
        place = f"/events/{moved.event_id}" if moved.event_id else f"/raw/{moved.raw_event_id}"
        return go(place, "moved")
    return await page_of(desk, life)


@router.get("/raw/{raw_event_id}")
async def show_raw_event(desk: OwnDesk, raw_event_id: str) -> Response:
    """Everything about one incoming request and its elements, a page of them at a time."""
    number, first = row_id(raw_event_id), first_of(desk) or 0
    return await page_of(desk, found(await raw_event_life(desk.deps.pool, number, first)))


def first_of(desk: Desk) -> int | None:
    """From which element on they are listed, if the address says so."""
    return whole(desk.request.query_params.get("from"), LARGEST_INT)


async def page_of(desk: Desk, life: Life) -> Response:
    """The page of an event or a request."""
    first = life.elements[0].position if life.elements else 0
    return render(
        desk,
        "event.html",
        life=life,
        event=life.event,
        steps=steps_of(life),
        waits=await wait_words(desk.language, desk.deps.pool, life.messages),
        routes=await ways_told(desk.language, desk.deps.pool, life.messages),
        earlier=max(0, first - PER_PAGE_OF_ELEMENTS) if first else None,
    )


@router.post("/raw/{raw_event_id}/replay")
async def play_again(desk: OwnDesk, raw_event_id: str) -> Response:
    """Process a request again; see uzel.events.process.replay for what that cannot do."""
    number = row_id(raw_event_id)
    done = await replay_one(desk, number)
    return go(f"/raw/{number}", "replayed" if done else "under_way")


async def replay_one(desk: Desk, raw_event_id: int) -> bool:
    """Replay, and write down who did it. False: it is being processed anyway."""
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await replay(connection, raw_event_id)
        if done:
            subject = f"raw_event:{raw_event_id}"
            await note(connection, desk.person.login, "replay", subject, {})
    return done
