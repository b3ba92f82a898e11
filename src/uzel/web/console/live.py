"""Telling open pages that something changed (server-sent events, WHATWG HTML 9.2). The page then
fetches itself again; what it shows is decided in one place.
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from uzel.kit import database
from uzel.web.console.attention import Glance
from uzel.web.console.desk import OwnDesk

MOST_WATCHERS = 100
LOOK_EVERY_S = 2.0
STEP_S = 0.5
# The browser comes back by itself, and is asked for its session again.
LONGEST_S = 600.0
SILENT_FOR_S = 20.0

router = APIRouter(include_in_schema=False)


class Watchers:
    """How many pages are listening to this process."""

    def __init__(self) -> None:
        self.count = 0


@router.get("/live")
async def live(desk: OwnDesk) -> Response:
    """A stream of `change` events. 204 tells the browser not to come back: there are too many."""
    watchers: Watchers = desk.request.app.state.watchers
    if watchers.count >= MOST_WATCHERS:
        return Response(status_code=204)
    return StreamingResponse(
        changes(desk.request, watchers),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def changes(request: Request, watchers: Watchers) -> AsyncIterator[str]:
    """The events of one page, until it leaves, the process stops, or it is time to come again."""
    glance: Glance = request.app.state.glance
    stopping = request.app.state.deps.stopping
    watchers.count += 1
    try:
        yield "retry: 3000\n\n"
        known, silent_s = "", 0.0
        for _ in range(int(LONGEST_S / LOOK_EVERY_S)):
            pulse = await look(glance, known)
            if pulse != known:
                known, silent_s = pulse, 0.0
                yield f"event: change\ndata: {pulse}\n\n"
            elif silent_s >= SILENT_FOR_S:
                # Proxies close what says nothing.
                silent_s = 0.0
                yield ": still here\n\n"
            for _ in range(int(LOOK_EVERY_S / STEP_S)):
                if stopping():
                    return
                await asyncio.sleep(STEP_S)
            silent_s += LOOK_EVERY_S
    finally:
        watchers.count -= 1


async def look(glance: Glance, known: str) -> str:
    """How things stand; as before while the database is away."""
    try:
        return await glance.pulse()
    except database.LOST:
        return known
