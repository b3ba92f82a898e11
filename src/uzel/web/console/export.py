"""Lists as CSV (RFC 4180, UTF-8 with the mark Excel needs), streamed page by page."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, tzinfo
from typing import TypeVar

from starlette.responses import StreamingResponse

from uzel.views.rows import Page

Item = TypeVar("Item")
Cell = str | int | datetime | None

PER_FETCH = 1000
# A spreadsheet takes a cell that begins like this for a formula; phones begin with a plus.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def export(
    name: str,
    zone: tzinfo,
    head: Sequence[str],
    fetch: Callable[[int | None, int], Awaitable[Page[Item]]],
    row: Callable[[Item], Sequence[Cell]],
) -> StreamingResponse:
    """The answer. fetch(before, limit) gives a page; `row` the cells of an item."""

    async def lines() -> AsyncIterator[str]:
        yield "\ufeff" + line(head, zone)
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
    out = io.StringIO()
    csv.writer(out).writerow([text_of(cell, zone) for cell in cells])
    return out.getvalue()


def text_of(cell: Cell, zone: tzinfo) -> str:
    """A cell as text that no spreadsheet runs: an apostrophe before what looks like a formula."""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(timespec="seconds")
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
