"""Lists as CSV that Excel opens by a double click in Russia and Kazakhstan: semicolons, which are
the list separator there, UTF-8 with the mark it needs, every cell in quotes (RFC 4180 but for the
separator); streamed page by page.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, tzinfo
from typing import TypeVar

from starlette.responses import StreamingResponse

from uzel.views.rows import Page
from uzel.web.console.show import in_zone

Item = TypeVar("Item")
Cell = str | int | datetime | None

PER_FETCH = 1000
SEPARATOR = ";"
# A spreadsheet takes a cell that begins with one of these for a formula; phones begin with a plus.
# Where its separator is another one, a cell of ours may be cut inside and the rest begin a cell of
# its own, quotes or not. The wide ones are read as the narrow ones in Chinese and Japanese Excel.
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
BREAKS = r"\t\r\n\v\f\x85\u2028\u2029"
FORMULA_START = re.compile(
    # What may stand between holds no separator, or a cell full of them would take hours.
    rf"(\A|[;,|{BREAKS}])(?=(?:[^\S{BREAKS}]|[\"'])*[{SIGNS}])"
)


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
    writer = csv.writer(out, delimiter=SEPARATOR, quoting=csv.QUOTE_ALL)
    writer.writerow([text_of(cell, zone) for cell in cells])
    return out.getvalue()


def text_of(cell: Cell, zone: tzinfo) -> str:
    """A cell as text that no spreadsheet runs: an apostrophe before what looks like a formula, at
    the beginning or wherever the cell might be cut.
    """
    if isinstance(cell, datetime):
        return in_zone(cell, zone).isoformat(timespec="seconds")
    return FORMULA_START.sub(r"\1'", "" if cell is None else str(cell))
