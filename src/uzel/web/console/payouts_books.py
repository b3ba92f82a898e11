"""Our payouts beside the provider's books: where they differ, when they were compared, and the
statement for accounting.
"""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException
from starlette.responses import Response, StreamingResponse

from uzel.payouts.accounting import reconcile_store
from uzel.payouts.accounting.statement import ENDINGS, Format, Payer, Sheet, TooLong, make
from uzel.people.store import note
from uzel.views.reconciliation import DifferenceRow, difference, differences, runs
from uzel.web.console.claims_desk import providers, show
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, found, row_id, whole
from uzel.web.console.page import go
from uzel.web.console.period import asked_for
from uzel.web.console.typed import Typed
from uzel.web.partner.statement_file import pieces

LONGEST_NOTE, FEW_RUNS, MOST_SETTLED = 500, 14, 30
ACCOUNT = re.compile(r"[0-9]{20}")
TAXPAYER = re.compile(r"[0-9]{10}|[0-9]{12}")
MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.ONE_C: "text/plain",
}
FORMATS = {
    Format.CSV: m("CSV: все движения"),
    Format.XLSX: m("XLSX: книга Excel"),
    Format.ONE_C: m("1С: банк-клиент"),
}
KINDS = {
    "missing_here": m("у поставщика есть, у нас нет"),
    "missing_there": m("у нас есть, у поставщика нет"),
    "amount": m("разные суммы"),
    "currency": m("разные валюты"),
    "status": m("разный исход"),
    "duplicate": m("у поставщика дважды"),
    "requisites": m("ушло не туда"),
    "stale": m("слишком долго в пути"),
}

router = APIRouter(include_in_schema=False)


@router.get("/payouts/books")
async def show_books(desk: OwnDesk) -> Response:
    """Differences that nobody has settled, the last runs, the form of the statement."""
    return await books_page(desk, Typed(desk.language, {}))


async def books_page(desk: Desk, typed: Typed, wrong_of: int | None = None) -> Response:
    """`wrong_of`: the difference whose form is wrong; None: that of the statement."""
    pool = desk.deps.pool
    names = {active.id: active.title for active in providers(desk)}
    blank = {"account": "", "payer": "", "inn": "", "note": "", "format": "csv"}
    period = asked_for(typed.form, desk.zone, datetime.now(desk.zone).date(), "30d")
    return show(
        desk,
        "payouts_books.html",
        422 if typed.wrong else 200,
        open=await differences(pool),
        settled=await differences(pool, is_open=False, most=MOST_SETTLED),
        runs=await runs(pool, most=FEW_RUNS),
        names=names,
        kinds=KINDS,
        formats=FORMATS,
        period=period,
        sides=sides,
        values=blank | dict(typed.form),
        wrong=typed.wrong,
        wrong_of=wrong_of,
        providers=providers(desk),
    )


def sides(row: DifferenceRow) -> list[tuple[str, Any]]:
    """(whose, what it says) of both."""
    ours = [("ours", row.ours)] if row.ours else []
    return [*ours, *(("theirs", it) for it in row.theirs)]


@router.post("/payouts/books/{number}/settle")
async def settle(desk: OwnDesk, number: str) -> Response:
    """What a difference was about, by somebody who looked into it."""
    if not desk.may_decide:
        raise HTTPException(403)
    row = found(await difference(desk.deps.pool, row_id(number)))
    typed, login = Typed(desk.language, desk.form), desk.person.login
    said = typed.line("note", LONGEST_NOTE)
    if typed.wrong:
        return await books_page(desk, typed, row.id)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        if await reconcile_store.settle(connection, row.id, login, said) is not None:
            about = {"kind": row.kind, "subject": row.subject, "note": said}
            await note(connection, login, "settle", f"payout_difference:{row.id}", about)
    return go("/payouts/books", "saved")


@router.post("/payouts/statement")
async def statement(desk: OwnDesk) -> Response:
    """The file. A form, not an address: of 1C it holds the number of an account."""
    typed = Typed(desk.language, desk.form)
    kind = typed.choice("format", [str(it) for it in Format])
    through = whole(desk.form.get("through"), LARGEST_INT)
    able = providers(desk)
    active = next((it for it in able if it.id == through), able[0] if able else None)
    if active is None:
        raise HTTPException(409)
    payer = payer_of(typed, kind)
    if typed.wrong:
        return await books_page(desk, typed)
    zone = ZoneInfo(await reconcile_store.zone(desk.deps.pool, active.id))
    period = asked_for(desk.form, zone, datetime.now(zone).date(), "30d")
    sheet = Sheet(active.id, period.since, period.until, zone, payer=payer)
    try:
        made, sheet, _ = await make(desk.deps.pool, sheet, Format(kind))
    except TooLong:
        typed.refuse("format", m("Столько строк в книгу не помещается: возьмите меньше дней."))
        return await books_page(desk, typed)
    name = f"{sheet.name}.{ENDINGS[Format(kind)]}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces(made), media_type=MEDIA_TYPES[Format(kind)], headers=headers)


def payer_of(typed: Typed, kind: str) -> Payer:
    """Whom 1C knows the documents by."""
    if kind != Format.ONE_C:
        return Payer()
    account, taxpayer_id = typed.plain("account"), typed.plain("inn")
    if not ACCOUNT.fullmatch(account):
        typed.refuse("account", m("В номере счёта 20 цифр."))
    if taxpayer_id and not TAXPAYER.fullmatch(taxpayer_id):
        typed.refuse("inn", m("В ИНН 10 или 12 цифр."))
    return Payer(account, typed.line("payer", 200, needed=False), taxpayer_id)
