"""Questions in vtiger's query language, read to their end; and what changed since a moment.

Source: konsol-and-vtiger, B2 and B6. A server gives a hundred records at most, and drops from them
those that the account may not see: a page that is not full is not the last one, an empty one is.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.vtiger.api import Arguments, read
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.connectors.vtiger.ids import module_name
from uzel.errors import ContractBroken, Rejected

PAGE = 100
MOST_PAGES = 100
LONGEST_QUERY = 6000
QUOTED = re.compile(r"'(?:[^']|'')*'")
LIMITED = re.compile(r"\blimit\b|\bcount\s*\(", re.IGNORECASE)
ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)

Record = dict[str, Any]


async def query(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """The records that `query` asks for: all of them, page by page in the order of their ids, where
    it names no LIMIT of its own; with or without `;`.

    Answer: data {"records", "complete": whether these are all}.
    """
    asked = text_of_query(arguments.get("query"))
    bare = QUOTED.sub("''", asked)
    if LIMITED.search(bare):
        return Answer(data={"records": await one_page(http, config, asked), "complete": True})
    ordered = asked if ORDERED.search(bare) else f"{asked} ORDER BY id"
    records: list[Record] = []
    async for page in pages(http, config, ordered):
        if not page:
            return Answer(data={"records": records, "complete": True})
        records += page
    return Answer(data={"records": records, "complete": False})


async def pages(
    http: httpx2.AsyncClient, config: VtigerConfig, asked: str, most: int = MOST_PAGES
) -> AsyncIterator[list[Record]]:
    """Page after page; the empty one that ends them is among them."""
    for nth in range(most):
        page = await one_page(http, config, f"{asked} LIMIT {nth * PAGE},{PAGE}")
        yield page
        if not page:
            return


async def one_page(http: httpx2.AsyncClient, config: VtigerConfig, asked: str) -> list[Record]:
    """One question as it is."""
    result = await read(http, config, "query", query=f"{asked};")
    if not isinstance(result, list) or not all(isinstance(one, dict) for one in result):
        raise ContractBroken("vtiger: в ответе нет списка записей")
    return result


def text_of_query(given: Any) -> str:
    """The question without its end. Raises Rejected."""
    text = given.strip().rstrip(";").rstrip() if isinstance(given, str) else ""
    if not text or len(text) > LONGEST_QUERY:
        raise Rejected("vtiger: вопроса нет, или он длиннее адреса", code="query_form")
    return text


def newest_first(module: str, columns: str = "*") -> str:
    """All records of a module, the newest first: a question in vtiger's language."""
    return f"SELECT {columns} FROM {module} ORDER BY id DESC"  # noqa: S608 - no SQL


def newest_number(module: str) -> str:
    """The question for `ids.newest_before`: the first page, since what cannot be seen is dropped
    from it.
    """
    return f"{newest_first(module, 'id')} LIMIT 0,{PAGE}"


async def sync(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """What of a `module` changed since `since` (seconds since 1970), up to a hundred records.

    Answer: data {"updated": records, "deleted": ids, "more", "last_modified": where to go on}.
    """
    since = arguments.get("since")
    if isinstance(since, bool) or not isinstance(since, int) or since < 0:
        raise Rejected("vtiger: since — секунды с 1970 года", code="since_form")
    module = module_name(arguments.get("module"))
    result = await read(http, config, "sync", modifiedTime=str(since), elementType=module)
    found = result if isinstance(result, dict) else {}
    updated, deleted = found.get("updated"), found.get("deleted")
    if not isinstance(updated, list) or not isinstance(deleted, list):
        raise ContractBroken("vtiger: в ответе на sync нет списков")
    last = found.get("lastModifiedTime")
    return Answer(
        data={
            "updated": updated,
            "deleted": deleted,
            "more": bool(found.get("more")),
            "last_modified": int(str(last)) if str(last).isdigit() else since,
        }
    )
