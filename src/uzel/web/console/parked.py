"""Requests that could not be read, or wait to be; one by one and all at once."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from uzel.events.replay import replay
from uzel.people.store import note
from uzel.views.event_store import list_raw_events
from uzel.views.filters import RawEventFilter
from uzel.web.console import states
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.listing import PER_PAGE, Asked, asked, listing
from uzel.web.console.page import go, render

FIELDS = ("state", "connection")
PARKED = "parked"
# So many at one press: the page answers within seconds, and the rest is one more press away.
MOST_AT_ONCE = 1000

router = APIRouter(include_in_schema=False)


def narrowed(wanted: Asked) -> RawEventFilter:
    """The filter of the views; parked ones unless asked otherwise."""
    state = wanted.get("state") or PARKED
    return RawEventFilter(
        state=None if state == "any" else state,
        connection_id=wanted.number("connection"),
        since=wanted.since,
        until=wanted.until,
    )


@router.get("/parked")
async def show_list(desk: OwnDesk) -> Response:
    """Raw events, the parked ones first of all."""
    wanted = asked(desk, FIELDS)
    page = await list_raw_events(desk.deps.pool, narrowed(wanted), wanted.before, PER_PAGE)
    return render(
        desk,
        "parked.html",
        wanted=wanted,
        listing=listing(page, wanted),
        connections=list(desk.deps.registry.all()),
        states=states.RAW,
        all_parked=(wanted.get("state") or PARKED) == PARKED,
        most=MOST_AT_ONCE,
    )


@router.post("/parked/replay")
async def play_all_again(desk: OwnDesk) -> Response:
    """Replay every parked request of the filter the form carries."""
    wanted = asked(desk, ("connection",), desk.form)
    chosen = replace(narrowed(wanted), state=PARKED)
    page = await list_raw_events(desk.deps.pool, chosen, None, MOST_AT_ONCE)
    await replay_all(desk, [row.id for row in page.items])
    return go("/parked", "replayed_all")


async def replay_all(desk: Desk, ids: list[int]) -> None:
    """Oldest first, so that what came first is understood first; each on its own."""
    async with desk.deps.pool.acquire() as connection:
        for number in reversed(ids):
            async with connection.transaction():
                if await replay(connection, number):
                    subject = f"raw_event:{number}"
                    await note(connection, desk.person.login, "replay", subject, {})
