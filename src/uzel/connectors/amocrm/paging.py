"""amoCRM's lists, page by page (API v4: `_links.next` until the end, no totals, 204 for nothing).

`filter[…]` is a paid option for leads and contacts and silently ignored without it, so what a list
is asked for is always looked at again, and the newest come first where only new ones matter.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import httpx2

from uzel.connectors.amocrm.api import Content, embedded, entity_id, read, whole
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import ContractBroken, Rejected
from uzel.kit.body import at

LIMIT = 250
MOST_PAGES = 20
# Of new entities: with a backlog a hundred deals a second may be made after those looked for.
MOST_NEW_PAGES = 40
# Their clock may be behind ours.
CLOCKS_DIFFER_S = 60

Order = Literal["id", "created_at"]
Query = Mapping[str, int | str]
NOTHING_MORE: Query = {}


@dataclass(frozen=True, slots=True)
class Page:
    """What one request gave. `more`: there is a next page."""

    entities: Sequence[Content]
    more: bool


async def page_of(
    http: httpx2.AsyncClient,
    config: AmocrmConfig,
    path: str,
    name: str,
    number: int,
    query: Query = NOTHING_MORE,
    limit: int = LIMIT,
) -> Page:
    """Page `number` (from 1) of the entities called `name` at `path`. One request."""
    asked = urlencode({**query, "limit": limit, "page": number})
    content = await read(http, config, f"{path}?{asked}")
    return Page(embedded(content, name), at(content, "_links", "next") is not None)


async def walk(
    http: httpx2.AsyncClient,
    config: AmocrmConfig,
    path: str,
    name: str,
    query: Query = NOTHING_MORE,
    *,
    limit: int = LIMIT,
    most: int = MOST_PAGES,
) -> AsyncIterator[Content]:
    """All entities, in amoCRM's order; a request for each page that is reached. Raises Rejected
    `too_many_pages` rather than pass over what lies behind `most` pages.
    """
    for number in range(1, most + 1):
        page = await page_of(http, config, path, name, number, query, limit)
        for entity in page.entities:
            yield entity
        if not page.more:
            return
    raise too_many_pages(most)


async def newest(
    http: httpx2.AsyncClient,
    config: AmocrmConfig,
    path: str,
    name: str,
    order: Order,
    since: int,
    query: Query = NOTHING_MORE,
) -> AsyncIterator[Content]:
    """What was created since `since` (epoch seconds by our clock), the newest first; a request for
    each page that is reached, most often one.

    By `created_at` the first old one ends it. Where amoCRM sorts by `id` only, a page without
    anything young does: an import may give its entities a date of creation long ago. Raises
    Rejected `too_many_pages`, and ContractBroken where the answer is not in the order asked for:
    then old ones would hide the new.
    """
    since -= CLOCKS_DIFFER_S
    asked = {**query, f"order[{order}]": "desc"}
    for number in range(1, MOST_NEW_PAGES + 1):
        page = await page_of(http, config, path, name, number, asked)
        in_order(page.entities, order)
        old = [changed_at(entity, order) < since for entity in page.entities]
        for entity in page.entities:
            if created_at(entity) >= since:
                yield entity
        if not page.more or (any(old) if order == "created_at" else all(old)):
            return
    raise too_many_pages(MOST_NEW_PAGES)


def in_order(entities: Sequence[Content], order: Order) -> None:
    """Raises ContractBroken unless they come from the newest to the oldest."""
    keys = [entity_id(entity) if order == "id" else created_at(entity) for entity in entities]
    if keys != sorted(keys, reverse=True):
        raise ContractBroken(f"amoCRM: список пришёл не в порядке order[{order}]=desc")


def created_at(entity: Any) -> int:
    """Epoch seconds; 0 where it is not said."""
    return whole(at(entity, "created_at")) or 0


def changed_at(entity: Any, order: Order) -> int:
    """How young an entity is for the purpose of looking further."""
    if order == "created_at":
        return created_at(entity)
    return max(created_at(entity), whole(at(entity, "updated_at")) or 0)


def too_many_pages(most: int) -> Rejected:
    return Rejected(
        f"amoCRM: искомое не найдено на {most} страницах, дальше Узел не листает",
        code="too_many_pages",
    )


def numbered(name: str, values: Sequence[int | str]) -> dict[str, int | str]:
    """A list in a query: `filter[entity_id][0]=…`, as the documentation's self-links spell it."""
    return {f"{name}[{position}]": value for position, value in enumerate(values)}
