"""Outward calls: the list, those nobody knows the outcome of, and a person's word on them."""

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.calls.recover import Choice, decide
from uzel.errors import UzelError
from uzel.people.store import note
from uzel.views.call_store import calls_by_id, list_calls
from uzel.views.filters import CallFilter
from uzel.views.life import find_call
from uzel.views.message_store import messages_by_id
from uzel.views.payouts import PayoutRow, payout_by_number
from uzel.views.rows import Call, CallRow, MessageRow
from uzel.web.console import states
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

FIELDS = ("state", "connection", "operation")
HEAD = (
    *("id", "created_at", "connector", "connection", "operation", "effect", "state", "attempt"),
    *("started_at", "finished_at", "error", "code", "detail", "http_status", "reference"),
    *("decided_by", "decided_at"),
)

# What effects of calls that send a payout begin with.
SENDS_PAYOUT = "payout:send:"
router = APIRouter(include_in_schema=False)


def narrowed(wanted: Asked) -> CallFilter:
    """The filter of the views."""
    return CallFilter(
        state=wanted.get("state"),
        connection_id=wanted.number("connection"),
        operation=wanted.get("operation"),
        since=wanted.since,
        until=wanted.until,
    )


@router.get("/calls")
async def show_list(desk: OwnDesk) -> Response:
    """Calls by any filter, newest first."""
    wanted = asked(desk, FIELDS)
    page = await list_calls(desk.deps.pool, narrowed(wanted), wanted.before, PER_PAGE)
    return render(
        desk,
        "calls.html",
        wanted=wanted,
        listing=listing(page, wanted),
        connections=desk.callers,
        operations=sorted({name for a in desk.callers for name in a.connector.operations}),
        states=states.CALLS,
    )


@router.get("/calls.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""
    wanted, pool = asked(desk, FIELDS), desk.deps.pool
    chosen = narrowed(wanted)

    def row(call: CallRow) -> tuple[Cell, ...]:
        return (
            *(call.id, call.created_at, call.connector, call.connection_name, call.operation),
            *(call.effect, call.state, call.attempt, call.started_at, call.finished_at),
            *(call.error_class, call.code, call.detail, call.http_status, call.reference),
            *(call.decided_by, call.decided_at),
        )

    return export(
        "calls",
        desk.zone,
        HEAD,
        lambda before, limit: list_calls(pool, chosen, before, limit),
        row,
    )


@router.get("/calls/waiting")
async def show_waiting(desk: OwnDesk) -> Response:
    """Calls with an unknown outcome: what only a person can decide."""
    wanted, pool = asked(desk, ("connection",)), desk.deps.pool
    unknown = CallFilter(state="unknown", connection_id=wanted.number("connection"))
    page = await list_calls(pool, unknown, wanted.before, PER_PAGE)
    calls = await calls_by_id(pool, [call.id for call in page.items])
    return render(
        desk,
        "waiting.html",
        listing=listing(page, wanted),
        calls={call.row.id: call for call in calls},
        messages=await messages_of(desk, calls),
    )


@router.get("/calls/{call_id}")
async def show_call(desk: OwnDesk, call_id: str) -> Response:
    """One call: what was asked, each attempt, what came back; and the choices, if it waits."""
    call = found(await find_call(desk.deps.pool, row_id(call_id)))
    return await call_page(desk, call, "call.html")


@router.post("/calls/{call_id}/decide")
async def say(desk: OwnDesk, call_id: str) -> Response:
    """A person's word. The form carries the attempt it was made for, so that a page left open
    cannot decide about a later one; sending again asks once more.
    """
    number = row_id(call_id)
    try:
        choice = Choice(desk.form.get("choice", ""))
    except ValueError:
        raise HTTPException(400) from None
    attempt = whole(desk.form.get("attempt"), LARGEST_INT)
    if attempt is None:
        raise HTTPException(400)
    if choice is Choice.AGAIN and desk.form.get("sure") != "yes":
        call = found(await find_call(desk.deps.pool, number))
        return await call_page(desk, call, "again.html")
    return await write_down(desk, number, choice, attempt)


async def write_down(desk: Desk, call_id: int, choice: Choice, attempt: int) -> Response:
    """Decide, and write down who did it: one transaction."""
    login, owners = desk.person.login, dict(desk.deps.owners)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            await decide(connection, call_id, choice, login, owners, attempt)
            said = {"choice": choice.value, "attempt": attempt}
            await note(connection, login, "decide", f"call:{call_id}", said)
    except UzelError:
        return go(f"/calls/{call_id}", "stale")
    return go(f"/calls/{call_id}", choice.value)


async def call_page(desk: Desk, call: Call, template: str) -> Response:
    """A page about one call and the message behind it."""
    messages = await messages_of(desk, [call])
    return render(
        desk,
        template,
        call=call,
        row=call.row,
        message=messages.get(message_id(call.row)),
        payout=await payout_of(desk, call.row),
        room_path="/calls/waiting" if call.row.state == "unknown" else "/calls",
    )


async def payout_of(desk: Desk, call: CallRow) -> PayoutRow | None:
    """The payout that a call was to send."""
    if not call.effect.startswith(SENDS_PAYOUT):
        return None
    number = whole(call.effect.split(":")[2], 2**63 - 1) or 0
    return await payout_by_number(desk.deps.pool, number)


async def messages_of(desk: Desk, calls: "list[Call] | tuple[Call, ...]") -> dict[int, MessageRow]:
    """The messages these calls send, by id."""
    ids = [i for call in calls if (i := message_id(call.row))]
    return {m.id: m for m in await messages_by_id(desk.deps.pool, ids)} if ids else {}


def message_id(call: CallRow) -> int:
    """The message a call is for; 0 if it is for something else."""
    owner, _, number = call.effect.partition(":")
    return whole(number, 2**63 - 1) or 0 if owner == "message" else 0
