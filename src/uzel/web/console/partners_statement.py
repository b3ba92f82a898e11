"""The statement of a balance: what stood there, what came and went, what stands there."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from uzel.ledger.accounts import LIVE, TEST
from uzel.model.currency import decimal
from uzel.partners import statement_store
from uzel.partners.statement import Line, statement
from uzel.views.partners import PartnerRow
from uzel.views.rows import Page
from uzel.web.console import partners_words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.listing import LARGEST_ID, PER_PAGE, whole
from uzel.web.console.partners_desk import show, the_partner
from uzel.web.console.period import NAMES, Period, period_of, query_of

HEAD = (
    *("at", "kind", "amount", "balance", "currency", "payment_id", "external_id", "reason"),
    "number",
)

router = APIRouter(include_in_schema=False)


def book_of(desk: Desk) -> str:
    """That of real money, unless the address asks for the other."""
    return TEST if desk.request.query_params.get("book") == TEST else LIVE


def account_of(partner: PartnerRow, book: str) -> int:
    """The balance in a book."""
    return partner.test_account_id if book == TEST else partner.account_id


async def sums(desk: Desk, account: int, period: Period) -> tuple[int, int]:
    """(opening, closing) balance."""
    async with desk.deps.pool.acquire() as connection:
        opening = await statement_store.balance_before(connection, account, period.since)
        closing = await statement_store.balance_before(connection, account, period.until)
    return opening, closing


@router.get("/partners/{partner_id}/statement")
async def show_statement(desk: OwnDesk, partner_id: str) -> Response:
    """A page of it, oldest first, as statements are."""
    partner, period, book = await the_partner(desk, partner_id), period_of(desk), book_of(desk)
    account = account_of(partner, book)
    after = whole(desk.request.query_params.get("after"), LARGEST_ID) or 0
    found = await statement(
        desk.deps.pool, account, period.since, period.until, after=after, most=PER_PAGE
    )
    opening, closing = await sums(desk, account, period)
    kept = {"book": book if book == TEST else None}
    return show(
        desk,
        "partner_statement.html",
        partner,
        tab="/statement",
        period=period,
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
    partner, period, book = await the_partner(desk, partner_id), period_of(desk), book_of(desk)
    account, currency = account_of(partner, book), partner.currency
    opening, closing = await sums(desk, account, period)

    def balance(at: datetime, kind: str, amount_minor: int) -> Line:
        return Line(at, 0, kind, 0, amount_minor, None, None, None, None)

    begin, end = (
        balance(period.since, "opening", opening),
        balance(period.until, "closing", closing),
    )
    fetch = pages_of(desk, account, period, begin, end)
    return export("statement", desk.zone, HEAD, fetch, lambda line: cells(line, currency))


def pages_of(
    desk: Desk, account: int, period: Period, begin: Line, end: Line
) -> Callable[[int | None, int], Awaitable[Page[Line]]]:
    """Pages for `export`, which asks for one after the other."""

    async def following(after: int | None, limit: int) -> Page[Line]:
        found = await statement(
            desk.deps.pool, account, period.since, period.until, after=after or 0, most=limit
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
