"""Lists of the service, page by page. That they have pages is known, how they are asked for and
what a page looks like is not: it may be a bare list or one within an object; whether there is a
next one may be said by a header, as konsol.pro's main product does, or by a total, or by nothing.

So a list counts as read to its end only where that is proved. What nobody proved is missing from
it may still be there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx2

from uzel.connectors.konsol.api import Content, Reply, call, entity_name
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.shapes import created_at
from uzel.errors import ContractBroken

PER = 100
MOST_PAGES = 200
ENOUGH_FALLS = 10
NEXT_PAGE = "x-has-next-page"
LISTS = ("items", "data", "payments", "contractors", "results", "records")
SAYS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(slots=True)
class Listing:
    """What was read of a list.

    items     each once, in their order
    complete  proved to hold all there is, or all since the moment it was read back to
    """

    items: list[Content] = field(default_factory=list)
    complete: bool = False


async def read(
    http: httpx2.AsyncClient, config: KonsolConfig, path: str, since: datetime | None = None
) -> Listing:
    """The list at `path`, newest first as hoped; back to `since` where the times in it prove that
    all the rest is older. Raises a CallFailed.
    """
    listing, seen, order = Listing(), set[str](), Order()
    for page in range(1, MOST_PAGES + 1):
        query = urlencode({"page": page, "per": PER})
        reply = await call(http, config, "GET", f"{path}?{query}", effect=False)
        items = items_of(reply.content)
        new = [item for item in items if unseen(item, seen)]
        listing.items += new
        order.add(new)
        if since is not None and order.is_past(since):
            listing.complete = True
            return listing
        ended = ends(reply, page, len(listing.items), items, new)
        if ended is not None:
            listing.complete = ended
            return listing
    return listing


def ends(
    reply: Reply, page: int, read_so_far: int, items: Sequence[Content], new: Sequence[Content]
) -> bool | None:
    """Whether the list ends with this page: True, it does; False, there is no going on, though it
    may not be all; None, there is more.
    """
    more = SAYS.get(reply.headers.get(NEXT_PAGE, "").strip().lower())
    if more is not None:
        return (None if new else False) if more else True
    total = total_of(reply.content)
    if total is not None and read_so_far >= total:
        return True
    if not items:
        return total is None
    # The same page again: they do not know what a page is, and who knows how much they leave out.
    return None if new else False


def items_of(content: Any) -> list[Content]:
    """The entries of a page. Raises ContractBroken where there is no list, or something in it that
    cannot be told from another by its id.
    """
    found = list_in(content)
    if found is None:
        raise ContractBroken("Консоль: в ответе нет списка")
    if not all(isinstance(item, dict) and entity_name(item) for item in found):
        raise ContractBroken("Консоль: в списке есть запись без номера")
    return found


def list_in(content: Any) -> list[Any] | None:
    """A bare list, or one under one of its usual names, at most two objects deep."""
    for _ in range(3):
        if isinstance(content, list):
            return content
        if not isinstance(content, Mapping):
            return None
        content = next((content[name] for name in LISTS if name in content), None)
    return None


def total_of(content: Any) -> int | None:
    """How many entries there are in all, where a page says so."""
    total = content.get("total") if isinstance(content, dict) else None
    is_number = isinstance(total, int) and not isinstance(total, bool) and total >= 0
    return total if is_number else None


def unseen(item: Content, seen: set[str]) -> bool:
    """Whether this entry is new. Entries move on to the next page while pages are read."""
    name = entity_name(item) or ""
    if name in seen:
        return False
    seen.add(name)
    return True


@dataclass(slots=True)
class Order:
    """Whether a list goes back in time, as far as it was read. `falls`: how often an entry was
    older than the one before it; a few times may be chance, and a page of one proves nothing.
    """

    goes_back: bool = True
    falls: int = 0
    last: datetime | None = None

    def add(self, items: Sequence[Content]) -> None:
        for item in items:
            at = created_at(item)
            if at is None or (self.last is not None and at > self.last):
                self.goes_back = False
            elif self.last is not None and at < self.last:
                self.falls += 1
            self.last = at or self.last

    def is_past(self, since: datetime) -> bool:
        """Whether all that follows was made before."""
        proved = self.goes_back and self.falls >= ENOUGH_FALLS
        return proved and self.last is not None and self.last < since
