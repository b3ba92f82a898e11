"""The stop-list: who wants no messages, why, and who said so; adding, removing, CSV."""

import re
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.errors import ConfigError
from uzel.messages import stop_list
from uzel.people.store import note
from uzel.views import stop_list_store as store
from uzel.web.console import address_pages as pages
from uzel.web.console.address_sheet import Sheet, in_parts, read_sheet_aside
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.language import mark as m
from uzel.web.console.listing import Asked, asked, found
from uzel.web.console.page import go, render
from uzel.web.console.typed import Typed, readable

PATH = "/business/stop-list"
LONGEST_NOTE = 200
MANUAL = "manual"
REASONS = {
    MANUAL: m("внесено вручную"),
    "reply": m("гость ответил «стоп»"),
    "page": m("гость отписался на странице отзыва"),
    "user_stopped": m("гость отписался у поставщика"),
    "complaint": m("гость пожаловался на спам"),
    "bounce": m("такого ящика нет"),
    "provider": m("поставщик отказывается туда писать"),
}
# Whose wish it is that nothing comes.
OF_GUEST = ("reply", "page", "user_stopped", "complaint")
SOURCE = re.compile(r"(event|message|request):([0-9]{1,18})")
HEAD = ("address", "reason", "source", "note", "created_at")

router = APIRouter(include_in_schema=False)


def fetch_of(desk: Desk, wanted: Asked) -> pages.Fetch:
    """The rows the address asks for."""
    part, reason = pages.part_of(wanted.get("q") or ""), wanted.get("reason")
    business, pool = desk.business.id, desk.deps.pool
    return lambda after, limit: store.listed(pool, business, (part, reason), after, limit)


@router.get("/business/stop-list")
async def show_list(desk: OwnDesk) -> Response:
    """The list, newest first."""
    return await page_of(desk)


@router.get("/business/stop-list.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""

    def row(entry: Any) -> tuple[Cell, ...]:
        return tuple(entry[name] for name in HEAD)

    fetch = fetch_of(desk, asked(desk, ("q", "reason")))
    return export("stop-list", desk.zone, HEAD, pages.pages_of(fetch, "created_at"), row)


@router.post("/business/stop-list/add")
async def add(desk: AdminDesk) -> Response:
    """One address; what waits for it is withdrawn."""
    typed = Typed(desk.language, desk.form)
    found_addresses = typed.addresses("address")
    remark = typed.line("note", LONGEST_NOTE, needed=False)
    if len(found_addresses) != 1:
        typed.refuse("address", m("Впишите один телефон или e-mail."))
    if not typed.wrong:
        (address,) = found_addresses
        if not await write(desk, [address], remark, {"address": pages.masked(address)}):
            typed.refuse("address", m("Этот адрес уже в стоп-листе."))
    return await page_of(desk, typed) if typed.wrong else go(PATH, "stopped")


async def write(desk: Desk, addresses: Sequence[str], remark: str, said: dict[str, Any]) -> int:
    """List addresses and who did it; returns how many are new. Long lists in parts, so that nobody
    waits for the whole; who does it again finishes it.
    """
    business, login, new = desk.business.id, desk.person.login, 0
    for part in in_parts(addresses):
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            added = await stop_list.stop(connection, business, part, MANUAL, login, remark or None)
            if added:
                told = {**said, "added": added}
                await note(connection, login, "add", f"stop_list:{business}", told)
        new += added
    return new


@router.get("/business/stop-list/remove")
async def ask_to_remove(desk: AdminDesk) -> Response:
    """Whether somebody is to be written to again, and what that means."""
    address = readable(desk.request.query_params.get("address", "")) or ""
    entry = found(await store.entry(desk.deps.pool, desk.business.id, address))
    of_guest = entry["reason"] in OF_GUEST
    return render(desk, "stop_list_remove.html", entry=entry, of_guest=of_guest, reasons=REASONS)


@router.post("/business/stop-list/remove")
async def remove(desk: AdminDesk) -> Response:
    """Write to somebody again."""
    address, business = desk.form.get("address", ""), desk.business.id
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await stop_list.resume(connection, business, address, by_guest=False)
        if done:
            said = {"address": pages.masked(address)}
            await note(connection, desk.person.login, "remove", f"stop_list:{business}", said)
    found(done or None)
    return go(PATH, "removed")


@router.get("/business/stop-list/import")
async def show_import(desk: AdminDesk) -> Response:
    """Where a list is pasted or a file chosen."""
    return import_page(desk, Typed(desk.language, {}))


@router.post("/business/stop-list/import")
async def take_import(desk: AdminDesk) -> Response:
    """Say first what a list would do; do it once that was seen."""
    typed = Typed(desk.language, desk.form)
    remark = typed.line("note", LONGEST_NOTE, needed=False)
    try:
        sheet = await read_sheet_aside(typed.form.get("file") or typed.form.get("text", ""))
    except ConfigError as error:
        typed.refuse("text", str(error))
    if typed.wrong:
        return import_page(desk, typed)
    addresses = [row.address for row in sheet.rows]
    if typed.form.get("sure") == "yes" and addresses:
        await write(desk, addresses, remark, {"import": True})
        return go(PATH, "imported")
    async with desk.deps.pool.acquire() as connection:
        known = await stop_list.stopped(connection, desk.business.id, addresses)
    return import_page(desk, typed, sheet, known)


def import_page(
    desk: Desk, typed: Typed, sheet: Sheet | None = None, known: set[str] | None = None
) -> Response:
    """The form, or what it would do."""
    return render(
        desk,
        "stop_list_import.html",
        422 if typed.wrong else 200,
        wrong=typed.wrong,
        values={name: typed.form.get(name, "") for name in ("text", "note")},
        text=typed.form.get("file") or typed.form.get("text", ""),
        sheet=sheet,
        known=known or set(),
    )


async def page_of(desk: Desk, typed: Typed | None = None) -> Response:
    """The page, with what was typed and what is wrong with it."""
    wanted = asked(desk, ("q", "reason"))
    cursor = desk.request.query_params.get(pages.FROM)
    fetch = fetch_of(desk, wanted)
    return render(
        desk,
        "stop_list.html",
        422 if typed else 200,
        wanted=wanted,
        listing=await pages.page_of(fetch, "created_at", wanted.values, cursor),
        reasons=REASONS,
        source_of=SOURCE.fullmatch,
        values=typed.form if typed else {},
        wrong=typed.wrong if typed else {},
    )
