"""The statement of a balance: what stood there, what came and went, what stands there."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.ledger import statement_store
from uzel.ledger.accounts import LIVE, TEST
from uzel.model.currency import decimal
from uzel.partners.payment import Partner
from uzel.partners.statement import Line, statement
from uzel.partners.statement_files import Busy, Kind, TooLong, up_to_now
from uzel.partners.statement_sheet import Sheet
from uzel.partners.statement_words import LANGUAGES
from uzel.views.partners import PartnerRow
from uzel.views.rows import Page
from uzel.web.console import partners_words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_ID, PER_PAGE, whole
from uzel.web.console.partners_desk import settings_of, show, the_partner
from uzel.web.console.period import NAMES, Period, period_of, query_of
from uzel.web.partner.statement_file import file_answer

HEAD = (
    *("at", "kind", "amount", "balance", "currency", "payment_id", "external_id", "reason"),
    "number",
)

router = APIRouter(include_in_schema=False)


def book_of(desk: Desk) -> str:
    """That of real money, unless the address asks for the other."""
    return TEST if desk.request.query_params.get("book") == TEST else LIVE


async def sheet_of(desk: Desk, partner: PartnerRow, period: Period, book: str) -> Sheet:
    """The statement that is meant, up to this moment where its days are not over."""
    account = partner.test_account_id if book == TEST else partner.account_id
    names = (partner.id, partner.public_id, partner.name, partner.currency)
    whose = Partner(*names, book, account, settings_of(partner))
    words = LANGUAGES[desk.language.code]
    sheet = Sheet(whose, period.since, period.until, desk.zone, words)
    return await up_to_now(desk.deps.pool, sheet)


async def sums(desk: Desk, sheet: Sheet) -> tuple[int, int]:
    """(opening, closing) balance."""
    account = sheet.partner.account
    async with desk.deps.pool.acquire() as connection:
        opening = await statement_store.balance_before(connection, account, sheet.since)
        closing = await statement_store.balance_before(connection, account, sheet.until)
    return opening, closing


@router.get("/partners/{partner_id}/statement")
async def show_statement(desk: OwnDesk, partner_id: str) -> Response:
    """A page of it, oldest first, as statements are."""
    return await page(desk, await the_partner(desk, partner_id), {})


async def page(desk: Desk, partner: PartnerRow, wrong: Mapping[str, object]) -> Response:
    period, book = period_of(desk), book_of(desk)
    sheet = await sheet_of(desk, partner, period, book)
    after = whole(desk.request.query_params.get("after"), LARGEST_ID) or 0
    account = sheet.partner.account
    found = await statement(
        desk.deps.pool, account, sheet.since, sheet.until, after=after, most=PER_PAGE
    )
    opening, closing = await sums(desk, sheet)
    kept = {"book": book if book == TEST else None}
    return show(
        desk,
        "partner_statement.html",
        partner,
        422 if wrong else 200,
        tab="/statement",
        wrong=wrong,
        period=period,
        sheet=sheet,
        kinds=tuple(Kind),
        periods=NAMES,
        query_of=query_of,
        kept=kept,
        book=book,
        books=partners_words.BOOKS,
        lines=found.lines,
        opening=opening,
        closing=closing,
        next=query_of(period.values, kept, {"after": found.next_after}),
        is_last=found.next_after is None,
        is_first=after == 0,
        base=f"/partners/{partner.id}/statement",
    )


@router.get("/partners/{partner_id}/statement.csv")
async def download(desk: OwnDesk, partner_id: str) -> Response:
    """The whole of it as a file, between the opening and the closing balance."""
    partner = await the_partner(desk, partner_id)
    sheet = await sheet_of(desk, partner, period_of(desk), book_of(desk))
    currency = partner.currency
    opening, closing = await sums(desk, sheet)

    def balance(at: datetime, kind: str, amount_minor: int) -> Line:
        return Line(at, 0, kind, 0, amount_minor, None, None, None, None)

    begin, end = (
        balance(sheet.since, "opening", opening),
        balance(sheet.until, "closing", closing),
    )
    fetch = pages_of(desk, sheet, begin, end)
    return export("statement", desk.zone, HEAD, fetch, lambda line: cells(line, currency))


@router.get("/partners/{partner_id}/statement.{kind}")
async def for_people(desk: OwnDesk, partner_id: str, kind: str) -> Response:
    """The workbook or the paper that the partner gets in the cabinet."""
    partner = await the_partner(desk, partner_id)
    if kind not in list(Kind):
        raise HTTPException(404)
    sheet = await sheet_of(desk, partner, period_of(desk), book_of(desk))
    try:
        return await file_answer(desk.deps.partners.files, sheet, Kind(kind))
    except TooLong as error:
        said = desk.language.text(
            m("В {kind} помещается {most} записей, а их {count}. Возьмите меньше дней или CSV."),
            kind=kind.upper(),
            most=error.most,
            count=error.count,
        )
        return await page(desk, partner, {"": said})
    except Busy:
        raise HTTPException(503, headers={"retry-after": "5"}) from None


def pages_of(
    desk: Desk, sheet: Sheet, begin: Line, end: Line
) -> Callable[[int | None, int], Awaitable[Page[Line]]]:
    """Pages for `export`, which asks for one after the other."""

    async def following(after: int | None, limit: int) -> Page[Line]:
        found = await statement(
            desk.deps.pool,
            sheet.partner.account,
            sheet.since,
            sheet.until,
            after=after or 0,
            most=limit,
        )
        lines = list(found.lines)
        if after is None:
            lines.insert(0, begin)
        if found.next_after is None:
            lines.append(end)
        return Page(tuple(lines), found.next_after)

    return following


def cells(line: Line, currency: str) -> Sequence[Cell]:
    """A line of the file."""
    amount = decimal(line.amount_minor, currency) if line.version else None
    return (
        *(line.at, line.kind, amount, decimal(line.balance_minor, currency), currency),
        *(line.payment_id, line.external_id, line.reason, line.version or None),
    )
