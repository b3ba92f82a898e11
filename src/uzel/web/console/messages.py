"""Messages: the list, its export, one message's life."""

from fastapi import APIRouter
from starlette.responses import Response

from uzel.model.sms_text import split_segments
from uzel.views.filters import MessageFilter
from uzel.views.life import message_life
from uzel.views.message_store import list_messages
from uzel.views.rows import MessageRow
from uzel.web.console import states
from uzel.web.console.desk import OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.listing import PER_PAGE, Asked, asked, found, listing, row_id
from uzel.web.console.page import render
from uzel.web.console.steps import steps_of
from uzel.web.console.waits import wait_words
from uzel.web.console.ways import ways_told

FIELDS = ("state", "phone", "connection", "reason", "whose")
# Why a message that waits does, for the filter.
WAITS_FOR = ("quiet_hours", "budget_spent")
HEAD = (
    *("id", "created_at", "state", "state_reason", "phone", "channel", "connector", "connection"),
    *("body", "encoding", "segments", "cost_minor", "currency", "reference", "accepted_at"),
    *("settled_at", "event_id"),
)

router = APIRouter(include_in_schema=False)


def narrowed(wanted: Asked) -> MessageFilter:
    """The filter of the views."""
    return MessageFilter(
        state=wanted.get("state"),
        phone=wanted.get("phone"),
        reason=wanted.get("reason"),
        business_id=wanted.number("whose"),
        connection_id=wanted.number("connection"),
        since=wanted.since,
        until=wanted.until,
    )


@router.get("/messages")
async def show_list(desk: OwnDesk) -> Response:
    """Messages by any filter, newest first."""
    wanted = asked(desk, FIELDS)
    page = await list_messages(desk.deps.pool, narrowed(wanted), wanted.before, PER_PAGE)
    return render(
        desk,
        "messages.html",
        wanted=wanted,
        listing=listing(page, wanted),
        connections=desk.callers,
        states=states.MESSAGES,
        reasons=WAITS_FOR,
        waits=await wait_words(desk.language, desk.deps.pool, page.items),
    )


@router.get("/messages.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""
    wanted, pool = asked(desk, FIELDS), desk.deps.pool
    chosen = narrowed(wanted)

    def row(message: MessageRow) -> tuple[Cell, ...]:
        return (
            *(message.id, message.created_at, message.state, message.state_reason),
            *(message.address, message.channel, message.connector, message.connection_name),
            *(message.body, message.encoding, message.segments, message.cost_minor),
            *(message.currency, message.reference, message.accepted_at, message.settled_at),
            message.event_id,
        )

    return export(
        "messages",
        desk.zone,
        HEAD,
        lambda before, limit: list_messages(pool, chosen, before, limit),
        row,
    )


@router.get("/messages/{message_id}")
async def show_message(desk: OwnDesk, message_id: str) -> Response:
    """One message: the text, its calls, its receipts."""
    life = found(await message_life(desk.deps.pool, row_id(message_id)))
    return render(
        desk,
        "message.html",
        life=life,
        message=life.message,
        parts_of_text=split_segments(life.message.body),
        steps=steps_of(life),
        waits=await wait_words(desk.language, desk.deps.pool, [life.message]),
        routes=await ways_told(desk.language, desk.deps.pool, [life.message]),
    )
