"""Lists as CSV for spreadsheets (see `kit.spreadsheet`), streamed page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TypeVar

from starlette.responses import StreamingResponse

from uzel.kit.spreadsheet import MARK, safe, written
from uzel.views.rows import Page
from uzel.web.console.show import in_zone

Item = TypeVar("Item")
# A Decimal is a sum of ours: a number below zero, too, so that spreadsheets add it up.
Cell = str | int | datetime | Decimal | None

PER_FETCH = 1000


def export(
    name: str,
    zone: tzinfo,
    head: Sequence[str],
    fetch: Callable[[int | None, int], Awaitable[Page[Item]]],
    row: Callable[[Item], Sequence[Cell]],
) -> StreamingResponse:
    """The answer. fetch(before, limit) gives a page; `row` the cells of an item."""

    async def lines() -> AsyncIterator[str]:
        yield MARK + line(head, zone)
        before: int | None = None
        while True:
            page = await fetch(before, PER_FETCH)
            if page.items:
                yield "".join(line(row(item), zone) for item in page.items)
            if page.next is None:
                return
            before = page.next

    return StreamingResponse(
        lines(),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{name}.csv"',
            "cache-control": "no-store",
        },
    )


def line(cells: Sequence[Cell], zone: tzinfo) -> str:
    """One line."""
    return written([text_of(cell, zone) for cell in cells])


def text_of(cell: Cell, zone: tzinfo) -> str:
    """A cell as text that no spreadsheet runs."""
    if isinstance(cell, datetime):
        return in_zone(cell, zone).isoformat(timespec="seconds")
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return safe("" if cell is None else str(cell))
