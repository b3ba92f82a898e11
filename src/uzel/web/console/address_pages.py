"""Lists of addresses, page by page: found by a part, continued behind a row, saved as CSV."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from uzel.model.phone import MASK, mask_phone
from uzel.views.rows import Page
from uzel.web.console.listing import PER_PAGE, Listing
from uzel.web.console.typed import readable

After = tuple[datetime, str]
Fetch = Callable[[After | None, int], Awaitable[list[Any]]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"([0-9]{1,17})-(.{1,300})", re.DOTALL)
FROM = "from"


def part_of(text: str) -> str | None:
    """What to look for in addresses: a whole one in its stored form, else the digits or letters."""
    text = text.strip()
    if not text:
        return None
    if re.search(r"[^\W\d_]|@", text):
        return readable(text) or text.casefold()
    return readable(text) or re.sub("[^0-9]", "", text) or text


def cursor_of(at: datetime, address: str) -> str:
    """A row, for the address of the next page."""
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{address}"


def read_cursor(text: str | None) -> After | None:
    """Behind which row to go on; None: at the beginning."""
    found = CURSOR.fullmatch((text or "").replace("\0", ""))
    if found is None:
        return None
    return EPOCH + timedelta(microseconds=int(found[1])), found[2]


async def page_of(
    fetch: Fetch, time: str, values: Mapping[str, str], cursor: str | None
) -> Listing[Any]:
    """A page of rows with `address` and a column `time`."""
    rows = await fetch(read_cursor(cursor), PER_PAGE + 1)
    older = None
    if len(rows) > PER_PAGE:
        last = rows[PER_PAGE - 1]
        older = urlencode({**values, FROM: cursor_of(last[time], last["address"])})
    newer = urlencode(values) if cursor else None
    return Listing(tuple(rows[:PER_PAGE]), False, newer, older)


def pages_of(fetch: Fetch, time: str) -> Callable[[int | None, int], Awaitable[Page[Any]]]:
    """The same for `export`, which asks for the pages one after the other."""
    after: After | None = None

    async def following(before: int | None, limit: int) -> Page[Any]:
        nonlocal after
        rows: Sequence[Any] = await fetch(after, limit)
        if rows:
            after = rows[-1][time], rows[-1]["address"]
        return Page(tuple(rows), 1 if len(rows) == limit else None)

    return following


def masked(address: str) -> str:
    """Enough to recognise an address in the audit, too little to write to it."""
    name, at, host = address.rpartition("@")
    return f"{name[:2]}{MASK}@{host}" if at else mask_phone(address)
