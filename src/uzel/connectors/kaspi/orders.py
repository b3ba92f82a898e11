"""What we read from Kaspi: orders, their positions, articles (Kaspi, "Orders API", 2.2).

An order is handed out as a document, {"data": its resource, "included": [its `orderentries` and
their `masterproducts` that came along]}, which `poll.parse` reads. `included` need not be complete:
in Kaspi's own example one of two positions is missing.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.kaspi.api import Arguments, Content, get, in_path
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.errors import ContractBroken, Rejected
from uzel.kit.body import at, label_of, text_of

STATES = ("NEW", "SIGN_REQUIRED", "PICKUP", "DELIVERY", "KASPI_DELIVERY", "ARCHIVE")
STATUS = re.compile(r"[A-Z_]{1,60}")
CODE = re.compile(r"[0-9A-Za-z-]{5,64}")
PAGE_SIZE = 100  # the most Kaspi gives
LONGEST_WINDOW_MS = 14 * 24 * 3600 * 1000
CHECKED_BACK = timedelta(hours=1)
MOST_ENTRY_PAGES = 50
# `Line.product` of a position whose article's id is known; a bare id is that of the position.
PRODUCT = "product:"


async def check(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """Whether the token is good: how many orders of the last hour are new. Answer: data {"new"}."""
    now = datetime.now(UTC)
    content = await listed(
        http, config, listing("NEW", milliseconds(now - CHECKED_BACK), milliseconds(now), 0, 1)
    )
    count = at(content, "meta", "totalCount")
    return Answer(data={"new": count if isinstance(count, int) else len(content["data"])})


async def orders(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """One page (from 0, of up to 100) of the orders in `state`, and in `status` where it is given,
    that were made from `since_ms` to `until_ms`, both included, at most 14 days apart.

    Orders that leave the state while the pages are read move the others to earlier pages.

    Answer: data {"orders": [document, …], "pages"}. Raises Rejected, without asking, for what Kaspi
    would refuse: `state`, `status`, `page`, `window`, `window_too_long`.
    """
    state, page = arguments["state"], arguments["page"]
    since_ms, until_ms = window(arguments["since_ms"], arguments["until_ms"])
    demand(state in STATES, "state", "такого состояния заказов нет")
    demand(is_whole(page), "page", "страницы считают от нуля")
    query = listing(state, since_ms, until_ms, page, PAGE_SIZE)
    if (status := arguments.get("status")) is not None:
        demand(bool(STATUS.fullmatch(str(status))), "status", "такого статуса не бывает")
        query["filter[orders][status]"] = status
    content = await listed(http, config, query)
    found = documents(content)
    pages = at(content, "meta", "pageCount")
    if not is_whole(pages):
        pages = page + 1 + (len(found) == PAGE_SIZE)
    return Answer(data={"orders": found, "pages": pages})


async def order(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """The order with the number `code`, however old. Answer: data {"order": document or None}."""
    code = arguments["code"]
    demand(isinstance(code, str) and bool(CODE.fullmatch(code)), "code", "это не номер заказа")
    query = {"filter[orders][code]": code, "include[orders]": "entries"}
    found = documents(await listed(http, config, query))
    exactly = (it for it in found if label_of(at(it, "data", "attributes", "code")) == code)
    return Answer(data={"order": next(exactly, None)})


async def entries(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """All positions of an order; `order` is its id, not its number. One request for each hundred.

    Answer: data {"entries": [resource of type `orderentries`, …]}.
    """
    path = f"/orders/{in_path(arguments['order'], 'order')}/entries"
    found: dict[str, Content] = {}
    for page in range(MOST_ENTRY_PAGES):
        content = await listed(
            http, config, {"page[number]": page, "page[size]": PAGE_SIZE}, path=path
        )
        fresh = {entry_id(it): it for it in content["data"] if entry_id(it) not in found}
        found |= fresh
        if is_last(content, page) or not fresh:
            return Answer(data={"entries": list(found.values())})
    raise ContractBroken("Kaspi: позиции заказа не кончаются")


async def product(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """The merchant's article behind a position that came without `offer`, as older answers do.
    `line` is a `Line.product`, or the id of a position: then there is one request more.

    Answer: data {"sku", "name"}; both None where Kaspi does not say.
    """
    line, name = str(arguments["line"]), None
    if line.startswith(PRODUCT):
        master = line.removeprefix(PRODUCT)
    else:
        data = at(await get(http, config, f"/orderentries/{in_path(line, 'line')}/product"), "data")
        master, name = at(data, "id"), text_of(at(data, "attributes", "name"))
        if not isinstance(master, str):
            raise ContractBroken("Kaspi: в ответе нет номера товара")
    path = f"/masterproducts/{in_path(master, 'line')}/merchantProduct"
    told = at(await get(http, config, path), "data", "attributes")
    return Answer(
        data={"sku": label_of(at(told, "code")), "name": text_of(at(told, "name")) or name}
    )


async def listed(
    http: httpx2.AsyncClient, config: KaspiConfig, query: Mapping[str, Any], path: str = "/orders"
) -> Content:
    """An answer whose `data` is a list. Raises ContractBroken for another."""
    content = await get(http, config, path, query)
    if not isinstance(content.get("data"), list):
        raise ContractBroken("Kaspi: в ответе нет списка")
    return content


def listing(state: str, since_ms: int, until_ms: int, page: int, size: int) -> dict[str, Any]:
    """All of these are required but `$le`."""
    return {
        "page[number]": page,
        "page[size]": size,
        "filter[orders][state]": state,
        "filter[orders][creationDate][$ge]": since_ms,
        "filter[orders][creationDate][$le]": until_ms,
        "include[orders]": "entries",
    }


def window(since_ms: Any, until_ms: Any) -> tuple[int, int]:
    """Raises Rejected for what is no window, or too long a one."""
    demand(is_whole(since_ms) and is_whole(until_ms), "window", "время — это миллисекунды")
    demand(since_ms <= until_ms, "window", "конец промежутка раньше начала")
    demand(until_ms - since_ms <= LONGEST_WINDOW_MS, "window_too_long", "промежуток дольше 14 дней")
    return since_ms, until_ms


def documents(content: Content) -> list[Content]:
    """The orders of an answer, each with what was included for it."""
    included = content.get("included")
    told = {
        (kind, name): it
        for it in (included if isinstance(included, list) else [])
        if (kind := text_of(at(it, "type"))) and (name := text_of(at(it, "id")))
    }
    return [{"data": it, "included": list(belonging(it, told))} for it in content["data"]]


def belonging(resource: Any, told: Mapping[tuple[str, str], Content]) -> Iterator[Content]:
    """The positions of an order, each followed by its article."""
    linkage = at(resource, "relationships", "entries", "data")
    for link in linkage if isinstance(linkage, list) else []:
        entry = told.get(("orderentries", text_of(at(link, "id")) or ""))
        if entry is None:
            continue
        yield entry
        master = text_of(at(entry, "relationships", "product", "data", "id"))
        if (article := told.get(("masterproducts", master or ""))) is not None:
            yield article


def is_last(content: Content, page: int) -> bool:
    """Whether no page follows: by their count, or where they give none, by its length."""
    pages = at(content, "meta", "pageCount")
    return page + 1 >= pages if is_whole(pages) else len(content["data"]) < PAGE_SIZE


def entry_id(resource: Any) -> str:
    """Raises ContractBroken for what has none."""
    found = at(resource, "id")
    if not isinstance(found, str):
        raise ContractBroken("Kaspi: у позиции заказа нет номера")
    return found


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def demand(condition: bool, code: str, wrong: str) -> None:
    """Raises Rejected for what Kaspi would refuse."""
    if not condition:
        raise Rejected(f"Kaspi: {wrong}", code=code)
