"""Consents to be written to: who gave one, how and when; adding, removing, CSV."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.errors import ConfigError
from uzel.messages import consent_store as store
from uzel.people.store import note
from uzel.web.console import address_pages as pages
from uzel.web.console.address_sheet import Row, Sheet, in_parts, read_sheet_aside
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.language import mark as m
from uzel.web.console.listing import Asked, asked, found, moment
from uzel.web.console.page import go, render
from uzel.web.console.show import input_time
from uzel.web.console.typed import Typed, readable

PATH = "/business/consents"
LONGEST_SOURCE, LONGEST_WORDING = 100, 2000
FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
HEAD = ("address", "source", "wording", "given_at", "noted_by", "noted_at")
FIELDS = ("address", "source", "wording", "given_at")
Consent = tuple[str, str, str | None, datetime]

router = APIRouter(include_in_schema=False)


def fetch_of(desk: Desk, wanted: Asked) -> pages.Fetch:
    """The rows the address asks for."""
    part = pages.part_of(wanted.get("q") or "")
    business, pool = desk.business.id, desk.deps.pool
    return lambda after, limit: store.listed(pool, business, part, after, limit)


@router.get("/business/consents")
async def show_list(desk: OwnDesk) -> Response:
    """The list, the last noted ones first."""
    return await page_of(desk)


@router.get("/business/consents.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""

    def row(entry: Any) -> tuple[Cell, ...]:
        return tuple(entry[name] for name in HEAD)

    fetch = fetch_of(desk, asked(desk, ("q",)))
    return export("consents", desk.zone, HEAD, pages.pages_of(fetch, "noted_at"), row)


@router.post("/business/consents/add")
async def add(desk: AdminDesk) -> Response:
    """One consent."""
    typed = Typed(desk.language, desk.form)
    addresses = typed.addresses("address")
    if len(addresses) != 1:
        typed.refuse("address", m("Впишите один телефон или e-mail."))
    source, wording, given_at = read_terms(desk, typed)
    if not typed.wrong and given_at is not None:
        consent = (addresses[0], source, wording, given_at)
        if not await write(desk, [consent], {"address": pages.masked(addresses[0])}):
            typed.refuse("address", m("Согласие этого гостя уже записано."))
    return await page_of(desk, typed) if typed.wrong else go(PATH, "added")


def read_terms(desk: Desk, typed: Typed) -> tuple[str, str | None, datetime | None]:
    """(how it was given, by what words, when) from the form."""
    source = typed.line("source", LONGEST_SOURCE)
    wording = typed.plain("wording")
    if len(wording) > LONGEST_WORDING:
        typed.refuse("wording", m("До {n} знаков."), n=LONGEST_WORDING)
    given_at = when(desk, typed.plain("given_at"))
    if given_at is None:
        typed.refuse("given_at", m("Нужны день и время, не позже нынешнего."))
    return source, wording or None, given_at


def when(desk: Desk, text: str) -> datetime | None:
    """A time as people and tables write it, in the business's zone; None for what is none, or lies
    ahead.
    """
    for form in FORMATS:
        try:
            text = datetime.strptime(text, form).isoformat()
        except ValueError:
            continue
        break
    at = moment(text, desk.zone)
    return at if at is not None and OLDEST <= at <= datetime.now(UTC) else None


async def write(desk: Desk, consents: Sequence[Consent], said: dict[str, Any]) -> int:
    """Note consents and who did it, in parts; returns how many are new."""
    business, login, new = desk.business.id, desk.person.login, 0
    for part in in_parts(consents):
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            added = await store.add(connection, business, part, login)
            if added:
                told = {**said, "added": added}
                await note(connection, login, "add", f"consent:{business}", told)
        new += added
    return new


@router.get("/business/consents/remove")
async def ask_to_remove(desk: AdminDesk) -> Response:
    """Whether a consent is to be forgotten."""
    address = readable(desk.request.query_params.get("address", "")) or ""
    entry = found(await store.entry(desk.deps.pool, desk.business.id, address))
    return render(desk, "consent_remove.html", entry=entry)


@router.post("/business/consents/remove")
async def remove(desk: AdminDesk) -> Response:
    """Forget a consent."""
    address, business = desk.form.get("address", ""), desk.business.id
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await store.remove(connection, business, address)
        if done:
            said = {"address": pages.masked(address)}
            await note(connection, desk.person.login, "remove", f"consent:{business}", said)
    found(done or None)
    return go(PATH, "removed")


@router.get("/business/consents/import")
async def show_import(desk: AdminDesk) -> Response:
    """Where a list is pasted or a file chosen."""
    return import_page(desk, Typed(desk.language, {"given_at": now_in(desk)}))


@router.post("/business/consents/import")
async def take_import(desk: AdminDesk) -> Response:
    """Say first what a list would do; do it once that was seen."""
    typed = Typed(desk.language, desk.form)
    source, wording, given_at = read_terms(desk, typed)
    try:
        sheet = await read_sheet_aside(typed.form.get("file") or typed.form.get("text", ""))
    except ConfigError as error:
        typed.refuse("text", str(error))
    if typed.wrong or given_at is None:
        return import_page(desk, typed)
    usual = (source, wording, given_at)
    consents, undated = await asyncio.to_thread(consents_of, desk, sheet.rows, usual)
    if typed.form.get("sure") == "yes" and consents:
        await write(desk, consents, {"import": True})
        return go(PATH, "imported")
    sheet = replace(sheet, unreadable=[*sheet.unreadable, *undated])
    addresses = [consent[0] for consent in consents]
    known = await store.known(desk.deps.pool, desk.business.id, addresses)
    return import_page(desk, typed, sheet, len(consents) - len(known), len(known))


def consents_of(
    desk: Desk, rows: Sequence[Row], usual: tuple[str, str | None, datetime]
) -> tuple[list[Consent], list[tuple[int, str]]]:
    """The consents of a table, with what its rows do not say taken from the form; and the rows
    whose time cannot be read.
    """
    source, wording, given_at = usual
    consents: list[Consent] = []
    undated: list[tuple[int, str]] = []
    for row in rows:
        said = row.cells.get("given_at", "")
        at = when(desk, said) if said else given_at
        if at is None:
            undated.append((row.line, f"{row.address} {said[:40]}"))
            continue
        how = row.cells.get("source", "")[:LONGEST_SOURCE] or source
        words = row.cells.get("wording", "")[:LONGEST_WORDING] or wording
        consents.append((row.address, how, words, at))
    return consents, undated


def import_page(
    desk: Desk, typed: Typed, sheet: Sheet | None = None, new: int = 0, known: int = 0
) -> Response:
    """The form, or what it would do."""
    return render(
        desk,
        "consents_import.html",
        422 if typed.wrong else 200,
        wrong=typed.wrong,
        values={name: typed.form.get(name, "") for name in (*FIELDS, "text")},
        text=typed.form.get("file") or typed.form.get("text", ""),
        sheet=sheet,
        new=new,
        known=known,
    )


def now_in(desk: Desk) -> str:
    """The value of a field with a time in it, now."""
    return input_time(desk.zone, datetime.now(UTC))


async def page_of(desk: Desk, typed: Typed | None = None) -> Response:
    """The page, with what was typed and what is wrong with it."""
    wanted = asked(desk, ("q",))
    cursor = desk.request.query_params.get(pages.FROM)
    blank = {**dict.fromkeys(FIELDS, ""), "given_at": now_in(desk)}
    return render(
        desk,
        "consents.html",
        422 if typed else 200,
        wanted=wanted,
        listing=await pages.page_of(fetch_of(desk, wanted), "noted_at", wanted.values, cursor),
        values={**blank, **(typed.form if typed else {})},
        wrong=typed.wrong if typed else {},
    )
