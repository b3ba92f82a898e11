"""A statement: on the page, and as a file."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from uzel.partners.statement_files import MOST_ON_PAPER, Busy, Kind, TooLong, look, up_to_now
from uzel.partners.statement_sheet import Sheet, description
from uzel.web.cabinet.desk import Desk, today
from uzel.web.cabinet.look import render
from uzel.web.cabinet.period import NAMES, Period, period_of
from uzel.web.partner.statement_file import file_answer

MOST_SHOWN = 200


async def show(desk: Desk) -> Response:
    return await page(desk, wanted(desk))


async def as_file(desk: Desk) -> Response:
    """`statement.csv`, `.xlsx`, `.pdf`."""
    try:
        kind = Kind(desk.request.path_params["kind"])
    except ValueError:
        raise HTTPException(404) from None
    period = wanted(desk)
    try:
        return await file_answer(desk.deps.partners.files, sheet_of(desk, period), kind)
    except TooLong as error:
        said = desk.language.text(
            "В {kind} помещается {most} операций, а их {count}. Возьмите период короче или CSV.",
            kind=kind.upper(),
            most=error.most,
            count=error.count,
        )
        return await page(desk, period, 422, said)
    except Busy:
        raise HTTPException(503, headers={"retry-after": "5"}) from None


def wanted(desk: Desk) -> Period:
    return period_of(desk.query, desk.zone, today(desk).date())


def sheet_of(desk: Desk, period: Period) -> Sheet:
    return Sheet(desk.partner, period.since, period.until, desk.zone, desk.words)


async def page(desk: Desk, period: Period, status: int = 200, wrong: str = "") -> Response:
    sheet = await up_to_now(desk.deps.pool, sheet_of(desk, period))
    sums, lines = await look(desk.deps.pool, sheet, MOST_SHOWN)
    return render(
        desk,
        "statement.html",
        status,
        period=period,
        names=NAMES,
        sheet=sheet,
        sums=sums,
        lines=lines,
        more=sums.count - len(lines),
        wrong=wrong,
        about=description,
        most_on_paper=MOST_ON_PAPER,
        files=[(kind.upper(), desk.path(f"statement.{kind}", **period.values)) for kind in Kind],
    )
