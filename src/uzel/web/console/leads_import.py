"""The table of leads coming back: first what it would do, then, once that was seen, the reports."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from uzel.errors import ConfigError, UzelError
from uzel.ledger.accounts import LIVE
from uzel.views.leads import leads_called, locked_lead
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.leads import show
from uzel.web.console.leads_plan import CALM, DOES, OUTCOMES, Outcome, Planned, numbers_of, plan
from uzel.web.console.leads_report import write
from uzel.web.console.leads_sheet import kept, read_rows
from uzel.web.console.page import go
from uzel.web.console.typed import Typed

PATH = "/leads/import"
# A form with the rows of one answer has to come back.
MOST_AT_ONCE, MOST_TEXT = 1000, 700_000

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


@router.get("/leads/import")
async def show_import(desk: OwnDesk) -> Response:
    """Where a table is pasted or a file chosen."""
    return form_page(desk, Typed(desk.language, {}))


def form_page(desk: Desk, typed: Typed) -> Response:
    values = {"text": typed.form.get("text", "")}
    status = 422 if typed.wrong else 200
    return show(desk, "leads_import.html", status, "/import", wrong=typed.wrong, values=values)


@router.post("/leads/import")
async def take(desk: OwnDesk) -> Response:
    """Say what each row would do; do it once that was seen."""
    typed = Typed(desk.language, desk.form)
    try:
        text = typed.form.get("file") or typed.form.get("text", "")
        rows = await asyncio.to_thread(read_rows, text)
    except ConfigError as error:
        typed.refuse("text", str(error))
        return form_page(desk, typed)
    leads = await leads_called(desk.deps.pool, LIVE, numbers_of(rows))
    planned = plan(rows, leads, is_admin=desk.is_admin)
    if desk.form.get("sure") != "yes":
        return seen_page(desk, planned)
    done = [await do(desk, one) for one in planned if one.outcome in DOES]
    left = [one for one in planned if one.outcome not in DOES]
    wrong = [one for one in (*done, *left) if one.outcome not in (*DOES, *CALM)]
    if not wrong:
        return go("/leads", "leads_reported")
    return seen_page(desk, sorted((*done, *left), key=lambda one: one.row.line), is_done=True)


def seen_page(desk: Desk, planned: Sequence[Planned], *, is_done: bool = False) -> Response:
    """What would become, or became, of each row; those that need somebody first."""
    does = [one for one in planned if one.outcome in DOES]
    ready = within([one.kept for one in does])
    wrong = [outcome for outcome in Outcome if outcome not in (*DOES, *CALM)]
    order: list[Outcome] = [*wrong, *DOES, *CALM]
    return show(
        desk,
        "leads_import_seen.html",
        200,
        "/import",
        counts=Counter(one.outcome for one in planned),
        planned=sorted(planned, key=lambda one: (order.index(one.outcome), one.row.line)),
        order=order,
        outcomes=OUTCOMES,
        is_done=is_done,
        ready=ready,
        text="" if is_done else kept([one.kept for one in does[:ready]]),
        left=len(does) - ready,
    )


def within(rows: Sequence[object]) -> int:
    """How many of the rows are done at once."""
    size, count = 0, 0
    for row in rows[:MOST_AT_ONCE]:
        size += len(repr(row).encode())
        if size > MOST_TEXT:
            break
        count += 1
    return count


async def do(desk: Desk, one: Planned) -> Planned:
    """Take one report in a transaction of its own, if nothing changed since. What goes wrong costs
    no other row.
    """
    assert one.lead is not None
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            lead = await locked_lead(connection, one.lead.id)
            assert lead is not None
            (again,) = plan([one.kept], [lead], is_admin=desk.is_admin)
            if again.report is not None:
                await write(connection, desk, lead, again.report)
            return replace(again, row=one.row)
    except UzelError as error:
        log.warning("row %s of a table of leads was not taken: %s", one.row.line, error)
        return replace(one, outcome=Outcome.BROKEN, report=None)
