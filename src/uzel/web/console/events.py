"""The list of events and its export; an event's whole life; replay."""

from fastapi import APIRouter
from starlette.responses import Response

from uzel.events.process import replay
from uzel.people.store import note
from uzel.views.event_store import list_events
from uzel.views.filters import EventFilter
from uzel.views.life import event_life, raw_event_life
from uzel.views.rows import EventRow
from uzel.web.console import words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.listing import PER_PAGE, Asked, asked, found, listing, row_id
from uzel.web.console.page import go, render
from uzel.web.console.reasons import REASONS
from uzel.web.console.steps import steps_of

FIELDS = ("connector", "decision", "reason", "type", "phone", "text")
HEAD = (
    *("id", "created_at", "occurred_at", "connector", "connection", "type", "subject", "phone"),
    *("decision", "reason", "reason_words", "duplicate_of", "raw_event_id"),
)

router = APIRouter(include_in_schema=False)


def narrowed(wanted: Asked) -> EventFilter:
    """The filter of the views."""
    return EventFilter(
        connector=wanted.get("connector"),
        type=wanted.get("type"),
        decision=wanted.get("decision"),
        reason=wanted.get("reason"),
        phone=wanted.get("phone"),
        text=wanted.get("text"),
        since=wanted.since,
        until=wanted.until,
    )


@router.get("/events")
async def show_list(desk: OwnDesk) -> Response:
    """Events by any filter, newest first."""
    wanted = asked(desk, FIELDS)
    page = await list_events(desk.deps.pool, narrowed(wanted), wanted.before, PER_PAGE)
    return render(
        desk,
        "events.html",
        wanted=wanted,
        listing=listing(page, wanted),
        connectors=desk.connectors,
        types=words.TYPES,
        reasons=REASONS,
        decisions=words.DECISIONS,
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
    """Everything about one event."""
    life = found(await event_life(desk.deps.pool, row_id(event_id)))
    return render(desk, "event.html", life=life, event=life.event, steps=steps_of(life))


@router.get("/raw/{raw_event_id}")
async def show_raw_event(desk: OwnDesk, raw_event_id: str) -> Response:
    """Everything about one incoming request and all its elements."""
    life = found(await raw_event_life(desk.deps.pool, row_id(raw_event_id)))
    return render(desk, "event.html", life=life, event=None, steps=steps_of(life))


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
