"""Events and raw events; replay."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse

from uzel import views
from uzel.events.replay import replay
from uzel.people.store import note
from uzel.web.api import shapes
from uzel.web.api.event_models import Decision, Event, RawEvent, RawEventState, Replayed
from uzel.web.api.message_models import Life
from uzel.web.api.openapi import CONFLICT, MOVED, NOT_FOUND
from uzel.web.api.paging import (
    ConnectionId,
    ElementsCursor,
    Id,
    Listed,
    ListQuery,
    Text,
    listed,
    number_of,
)
from uzel.web.api.tokens import Reader, Replayer
from uzel.web.deps import deps_of

router = APIRouter()


class EventQuery(ListQuery):
    """Which events."""

    connector: Text | None = Field(default=None, examples=["iiko"])
    connection_id: ConnectionId | None = None
    type: Text | None = Field(default=None, examples=["visit.completed"])
    decision: Decision | None = None
    reason: Text | None = Field(default=None, examples=["phone_landline"])
    phone: Text | None = Field(
        default=None, description="In any spelling.", examples=["8 999 000-10-01"]
    )
    text: Text | None = Field(
        default=None, description="An order number, or a subject as shown.", examples=["118"]
    )


class RawEventQuery(ListQuery):
    """Which raw events."""

    state: RawEventState | None = None
    connection_id: ConnectionId | None = None


@router.get("/events", tags=["events"], operation_id="listEvents")
async def list_events(
    request: Request,
    response: Response,
    caller: Reader,
    query: Annotated[EventQuery, Query()],
) -> Listed[Event]:
    """Events, newest first: every element of every request that came in, with what was decided
    about it and why.
    """
    chosen = views.EventFilter(**query.model_dump(exclude={"cursor", "limit"}))
    page = await views.list_events(deps_of(request).pool, chosen, query.before, query.limit)
    return listed(request, response, page, Event.model_validate)


@router.get(
    "/events/{event_id}",
    tags=["events"],
    operation_id="getEvent",
    response_model=Life,
    responses={**NOT_FOUND, **MOVED},
)
async def get_event(
    request: Request, caller: Reader, event_id: Id, elements_cursor: ElementsCursor = None
) -> Life | RedirectResponse:
    """The whole life of an event: what came, what was decided and why, what was sent, what the
    provider answered, what it cost. Of the elements that came with it, a page.
    """
    first, pool = number_of(elements_cursor), deps_of(request).pool
    found = await views.event_life(pool, event_id, first)
    if found is not None:
        return shapes.life(found)
    moved = await views.moved_event(pool, event_id)
    if moved is None:
        raise HTTPException(404, f"There is no event with the id {event_id}.")
    place = request.app.url_path_for("get_raw_event", raw_event_id=moved.raw_event_id)
    if moved.event_id is not None:
        place = request.app.url_path_for("get_event", event_id=moved.event_id)
    return RedirectResponse(place)


@router.get("/raw-events", tags=["raw events"], operation_id="listRawEvents")
async def list_raw_events(
    request: Request,
    response: Response,
    caller: Reader,
    query: Annotated[RawEventQuery, Query()],
) -> Listed[RawEvent]:
    """Incoming requests as they were stored, newest first."""
    chosen = views.RawEventFilter(**query.model_dump(exclude={"cursor", "limit"}))
    page = await views.list_raw_events(deps_of(request).pool, chosen, query.before, query.limit)
    return listed(request, response, page, RawEvent.model_validate)


@router.get(
    "/raw-events/{raw_event_id}",
    tags=["raw events"],
    operation_id="getRawEvent",
    responses=NOT_FOUND,
)
async def get_raw_event(
    request: Request, caller: Reader, raw_event_id: Id, elements_cursor: ElementsCursor = None
) -> Life:
    """A raw event byte for byte, and everything that followed from its elements, a page of them at
    a time.
    """
    first = number_of(elements_cursor) or 0
    found = await views.raw_event_life(deps_of(request).pool, raw_event_id, first)
    if found is None:
        raise HTTPException(404, f"There is no raw event with the id {raw_event_id}.")
    return shapes.life(found)


@router.post(
    "/raw-events/{raw_event_id}/replay",
    tags=["raw events"],
    operation_id="replayRawEvent",
    status_code=202,
    responses={**NOT_FOUND, **CONFLICT},
)
async def replay_raw_event(request: Request, caller: Replayer, raw_event_id: Id) -> Replayed:
    """Have a raw event processed again, as if it had just come in. What followed from it stays: an
    event that led to something leads to nothing twice. Needs the scope `replay`.
    """
    pool = deps_of(request).pool
    async with pool.acquire() as connection, connection.transaction():
        done = await replay(connection, raw_event_id)
        if done:
            await note(connection, caller.actor, "replay", f"raw_event:{raw_event_id}", {})
    if done:
        return Replayed(
            raw_event_id=raw_event_id, request_id=f"raw-{raw_event_id}", state="received"
        )
    if not await views.is_raw_event(pool, raw_event_id):
        raise HTTPException(404, f"There is no raw event with the id {raw_event_id}.")
    raise HTTPException(409, f"Raw event {raw_event_id} already waits to be processed.")
