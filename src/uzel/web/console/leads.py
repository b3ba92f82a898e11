"""Leads: the table operators work in, by any filter, and the same as a file."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO, cast

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from uzel.ledger.accounts import LIVE, TEST
from uzel.partners.lead import LeadState
from uzel.views import leads_store as store
from uzel.views.leads import LeadFilter, LeadRow, Mark, list_leads
from uzel.views.partners import list_partners
from uzel.web.console import leads_words, words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.leads_sheet import HEAD, SheetWriter
from uzel.web.console.leads_words import MARKS
from uzel.web.console.listing import LARGEST_INT, PER_PAGE, Asked, asked, listing, whole
from uzel.web.console.page import render
from uzel.web.console.partners_desk import today

FIELDS = ("state", "mark", "source", "q", "book")
MOST_IN_WORKBOOK, PER_FETCH = 100_000, 1000
PIECE = 64 * 1024
MOST_LOST = 20
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADERS = {"content-disposition": 'attachment; filename="leads.xlsx"', "cache-control": "no-store"}

router = APIRouter(include_in_schema=False)


def show(desk: Desk, template: str, status: int = 200, tab: str = "", **values: Any) -> Response:
    """A page of the room."""
    return render(desk, template, status, tab=tab, **leads_words.spoken(desk), **values)


def narrowed(wanted: Asked) -> LeadFilter:
    """The filter of the views; of a value nobody offered nothing is asked."""
    kind, _, number = (wanted.get("source") or "").partition("-")
    source, state = whole(number, LARGEST_INT), wanted.get("state")
    mark = wanted.get("mark")
    return LeadFilter(
        TEST if wanted.get("book") == TEST else LIVE,
        state if state in [it.value for it in LeadState] else None,
        Mark(mark) if mark is not None and mark in MARKS else None,
        source if kind == "partner" else None,
        source if kind == "crm" else None,
        wanted.get("q"),
        wanted.since,
        wanted.until,
    )


@router.get("/leads")
async def show_list(desk: OwnDesk) -> Response:
    """Newest first."""
    wanted, pool = asked(desk, FIELDS), desk.deps.pool
    page = await list_leads(pool, narrowed(wanted), wanted.before, PER_PAGE)
    plain = not wanted.values and wanted.before is None
    return show(
        desk,
        "leads.html",
        wanted=wanted,
        listing=listing(page, wanted),
        states=[it.value for it in LeadState],
        sources=await sources(desk),
        lost=await store.lost_reports(pool, MOST_LOST) if plain else [],
    )


async def sources(desk: Desk) -> Sequence[tuple[str, str]]:
    """(code, name) of all that leads come from."""
    pool, registry = desk.deps.pool, desk.deps.registry
    partners = [(f"partner-{it.id}", it.name) for it in await list_partners(pool, today(desk))]
    crms = [
        (f"crm-{number}", active.title)
        for number in await store.crms(pool)
        if (active := registry.get(number)) is not None
    ]
    return [*crms, *partners]


@router.get("/leads.csv")
async def download_csv(desk: OwnDesk) -> Response:
    """The columns operators know, then ours."""
    chosen, pool = narrowed(asked(desk, FIELDS)), desk.deps.pool
    return export(
        "leads",
        desk.zone,
        HEAD,
        lambda before, limit: list_leads(pool, chosen, before, limit),
        lambda lead: cells(desk, lead),
    )


@router.get("/leads.xlsx")
async def download_workbook(desk: OwnDesk) -> Response:
    """The same as a workbook: the newest, up to as many as a person could look through."""
    out = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - closed once it was sent
    try:
        await fill(desk, out)
    except BaseException:
        out.close()
        raise
    size = out.seek(0, os.SEEK_END)
    out.seek(0)
    headers = {**HEADERS, "content-length": str(size)}
    return StreamingResponse(pieces(out), media_type=MEDIA_TYPE, headers=headers)


async def fill(desk: Desk, out: BinaryIO) -> None:
    """Page by page, while others are served."""
    chosen, pool = narrowed(asked(desk, FIELDS)), desk.deps.pool
    writer = await asyncio.to_thread(SheetWriter, out, desk.zone)
    before, left = None, MOST_IN_WORKBOOK
    while left > 0:
        page = await list_leads(pool, chosen, before, min(PER_FETCH, left))
        await asyncio.to_thread(writer.add, [cells(desk, lead) for lead in page.items])
        left -= len(page.items)
        if (before := page.next) is None:
            break
    await asyncio.to_thread(writer.close)


async def pieces(made: BinaryIO) -> AsyncIterator[bytes]:
    with made:
        while piece := await asyncio.to_thread(made.read, PIECE):
            yield piece


def cells(desk: Desk, lead: LeadRow) -> Sequence[Cell]:
    """A row of the file, as HEAD names it. What was reported of an earlier link is left out."""
    told: tuple[Cell, ...] = (None,) * 5
    reported_at: datetime | None = None
    crm = ""
    if lead.is_told:
        amount = amount_text(lead)
        told = (amount, lead.currency, lead.email, lead.card, lead.status)
        reported_at = lead.reported_at
        crm = words.state(desk.language, lead.crm_state or "", "crm_report")["text"]
    state = words.state(desk.language, lead.state, "lead")["text"]
    return (
        *(lead.external_id, lead.payment_url, *told),
        *(leads_words.source_of(desk, lead), str(state), lead.holder, lead.created_at),
        *(reported_at, str(crm), lead.deal_id, lead.public_id, lead.report),
    )


def amount_text(lead: LeadRow) -> str | None:
    """An amount that can be read in one way only."""
    if lead.amount is None:
        return None
    text = f"{lead.amount:f}"
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text
