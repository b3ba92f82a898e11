"""Notes in the feed of a deal (API v4, "Events and notes")."""

from collections.abc import Sequence
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm import bulk
from uzel.connectors.amocrm.api import Arguments, Content, entity_id
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.paging import newest, numbered
from uzel.kit.body import at

PATH = "/api/v4/leads/notes"
NAME = "notes"
COMMON = "common"
# So many deals are asked about in one request: their ids stand in its address.
MOST_LEADS = 50


async def add_notes(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """Write `notes`, at most 250: [{"request_id", "lead_id", "text"}]. One request.

    `since` (epoch seconds, shortly before the call, may be null) is for the look-up. Answer: data
    {"ids": {request_id: id}}. Raises a CallFailed; a refusal names the requests, see
    `bulk.refused`.
    """
    return await bulk.create(http, config, PATH, NAME, arguments["notes"], note_of)


async def look_up_notes(
    http: httpx2.AsyncClient, config: AmocrmConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """Which of them are there: notes of that deal with the same words, written since `since`. A
    request for each fifty deals, the newest notes first.
    """
    given: Sequence[Content] = arguments["notes"]
    ids: dict[str, int] = {}
    for start in range(0, len(given), MOST_LEADS):
        ids |= await written_ones(http, config, given[start : start + MOST_LEADS], arguments)
    return bulk.found(ids)


async def written_ones(
    http: httpx2.AsyncClient, config: AmocrmConfig, given: Sequence[Content], arguments: Arguments
) -> dict[str, int]:
    """request_id → note, of those that are there."""
    wanted = {(it["lead_id"], words(it["text"])): str(it["request_id"]) for it in given}
    leads = [*dict.fromkeys(it["lead_id"] for it in given)]
    query = numbered("filter[entity_id]", leads) | numbered("filter[note_type]", [COMMON])
    ids: dict[str, int] = {}
    since = bulk.since_of(arguments)
    async for note in newest(http, config, PATH, NAME, "id", since, query):
        key = (note.get("entity_id"), words(at(note, "params", "text")))
        if key in wanted:
            ids[wanted.pop(key)] = entity_id(note)
        if not wanted:
            break
    return ids


def note_of(given: Content) -> Content:
    return {
        "entity_id": given["lead_id"],
        "note_type": COMMON,
        "params": {"text": given["text"]},
    }


def words(text: Any) -> str:
    """A text without what may change on its way: the kinds of spaces and ends of lines."""
    return " ".join(str(text or "").split())
