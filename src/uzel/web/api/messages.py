"""Messages and calls."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import Field

from uzel import views
from uzel.web.api import shapes
from uzel.web.api.message_models import (
    Call,
    CallState,
    Message,
    MessageLife,
    MessageState,
    WholeCall,
)
from uzel.web.api.openapi import NOT_FOUND
from uzel.web.api.paging import ConnectionId, Id, Listed, ListQuery, Text, listed
from uzel.web.api.tokens import Reader
from uzel.web.deps import deps_of

router = APIRouter()


class MessageQuery(ListQuery):
    """Which messages."""

    state: MessageState | None = None
    phone: Text | None = Field(
        default=None, description="In any spelling.", examples=["8 999 000-10-01"]
    )
    connection_id: ConnectionId | None = None


class CallQuery(ListQuery):
    """Which calls."""

    state: CallState | None = None
    connection_id: ConnectionId | None = None
    operation: Text | None = Field(default=None, examples=["send_sms"])


@router.get("/messages", tags=["messages"], operation_id="listMessages")
async def list_messages(
    request: Request,
    response: Response,
    caller: Reader,
    query: Annotated[MessageQuery, Query()],
) -> Listed[Message]:
    """Messages to people, newest first."""
    chosen = views.MessageFilter(**query.model_dump(exclude={"cursor", "limit"}))
    page = await views.list_messages(deps_of(request).pool, chosen, query.before, query.limit)
    return listed(request, response, page, Message.model_validate)


@router.get(
    "/messages/{message_id}", tags=["messages"], operation_id="getMessage", responses=NOT_FOUND
)
async def get_message(request: Request, caller: Reader, message_id: Id) -> MessageLife:
    """A message with the calls that sent it and the receipts about it."""
    found = await views.message_life(deps_of(request).pool, message_id)
    if found is None:
        raise HTTPException(404, f"There is no message with the id {message_id}.")
    return shapes.message_life(found)


@router.get("/calls", tags=["calls"], operation_id="listCalls")
async def list_calls(
    request: Request,
    response: Response,
    caller: Reader,
    query: Annotated[CallQuery, Query()],
) -> Listed[Call]:
    """The journal of outward calls, newest first."""
    chosen = views.CallFilter(**query.model_dump(exclude={"cursor", "limit"}))
    page = await views.list_calls(deps_of(request).pool, chosen, query.before, query.limit)
    return listed(request, response, page, Call.model_validate)


@router.get("/calls/{call_id}", tags=["calls"], operation_id="getCall", responses=NOT_FOUND)
async def get_call(request: Request, caller: Reader, call_id: Id) -> WholeCall:
    """A call with what was asked, every attempt, and what the provider answered."""
    found = await views.find_call(deps_of(request).pool, call_id)
    if found is None:
        raise HTTPException(404, f"There is no call with the id {call_id}.")
    return shapes.whole_call(found)
