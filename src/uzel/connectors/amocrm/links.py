"""Which goods belong to which deals, and how many of each (API v4, "Links").

Whether linking the same element again sets its quantity or adds to it is not documented, so it is
never done without having looked.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm import bulk
from uzel.connectors.amocrm.amounts import amount_of, number_of, plain
from uzel.connectors.amocrm.api import Arguments, Content, entity_id, whole
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.paging import numbered, walk
from uzel.errors import OutcomeUnknown
from uzel.kit.body import at

PATH = "/api/v4/leads"
NAME = "links"
ELEMENTS = "catalog_elements"
# So many deals are asked about in one request: their ids stand in its address.
MOST_LEADS = 50


async def link_elements(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Put goods into deals: `links`, at most 250, [{"lead_id", "element_id", "catalog_id",
    "quantity" (number, or decimal text)}], an element at most once a deal. One request.

    Answer: data {"missing": [{"lead_id", "element_id", "catalog_id"}], which amoCRM does not
    confirm, "differing": [what is there in another quantity, as `read_links` gives it]}; both are
    empty where all went well. Raises a CallFailed; a refusal names the deals, see `bulk.refused`.
    """
    links: Sequence[Content] = arguments["links"]
    entities = [link_of(link) | {"metadata": metadata_of(link)} for link in links]
    made = await bulk.send(http, config, "POST", f"{PATH}/link", NAME, entities, names_of(links))
    if links and not made:
        raise OutcomeUnknown("amoCRM: в ответе нет привязанных товаров")
    return compared(links, map(shown, made))


async def look_up_links(
    http: httpx2.AsyncClient, config: AmocrmConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """As `link_elements` answers; what is missing may be linked. None if none is there. A request
    for each fifty deals.
    """
    links: Sequence[Content] = arguments["links"]
    leads = dict.fromkeys(int(link["lead_id"]) for link in links)
    answer = compared(links, await links_of(http, config, [*leads]))
    return None if len(answer.data["missing"]) == len(links) else answer


async def unlink_elements(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Take goods out of deals: `links`, at most 250, [{"lead_id", "element_id", "catalog_id"}]. One
    request. May be repeated.

    Answer: no data. Raises a CallFailed; a refusal names the deals, see `bulk.refused`.
    """
    links: Sequence[Content] = arguments["links"]
    entities = [link_of(it) | {"metadata": {"catalog_id": it["catalog_id"]}} for it in links]
    await bulk.send(http, config, "POST", f"{PATH}/unlink", NAME, entities, names_of(links))
    return Answer()


async def read_links(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """The goods in the deals `lead_ids`. A request for each fifty deals, more where those have more
    than 250 contacts and goods together.

    Answer: data {"links": [{"lead_id", "element_id", "catalog_id", "quantity" (decimal text)}]}.
    Raises every CallFailed but OutcomeUnknown.
    """
    return Answer(data={"links": await links_of(http, config, arguments["lead_ids"])})


async def links_of(
    http: httpx2.AsyncClient, config: AmocrmConfig, lead_ids: Sequence[int]
) -> list[Content]:
    """The goods in these deals, and in no others."""
    found = []
    for start in range(0, len(lead_ids), MOST_LEADS):
        asked = lead_ids[start : start + MOST_LEADS]
        query = numbered("filter[entity_id]", asked)
        async for link in walk(http, config, f"{PATH}/links", NAME, query):
            is_element = link.get("to_entity_type") == ELEMENTS
            if is_element and link.get("entity_id") in asked:
                found.append(shown(link))
    return found


def compared(links: Iterable[Content], found: Iterable[Content]) -> Answer:
    """What was to be linked beside what is."""
    there = {key_of(link): link for link in found}
    missing, differing = [], []
    for link in links:
        known = there.get(key_of(link))
        if known is None:
            missing.append({name: link[name] for name in ("lead_id", "element_id", "catalog_id")})
        elif known["quantity"] != plain(link["quantity"]):
            differing.append(known)
    return Answer(data={"missing": missing, "differing": differing})


def key_of(link: Content) -> tuple[Any, Any, Any]:
    return link["lead_id"], link["element_id"], link["catalog_id"]


def names_of(links: Sequence[Content]) -> list[str]:
    """A link is known by its deal."""
    return [str(link["lead_id"]) for link in links]


def link_of(link: Content) -> Content:
    return {
        "entity_id": link["lead_id"],
        "to_entity_id": link["element_id"],
        "to_entity_type": ELEMENTS,
    }


def metadata_of(link: Content) -> Content:
    """How many of which list. Raises Rejected."""
    quantity = number_of(amount_of(link["quantity"], "количество товара", "quantity_not_number"))
    return {"catalog_id": link["catalog_id"], "quantity": quantity}


def shown(link: Content) -> Content:
    return {
        "lead_id": whole(link.get("entity_id")),
        "element_id": whole(link.get("to_entity_id")),
        "catalog_id": whole(at(link, "metadata", "catalog_id")),
        "quantity": plain(at(link, "metadata", "quantity")),
    }


def element_of(entity: Content) -> Content:
    """An element as it stands in a deal that was read with its goods."""
    return {
        "id": entity_id(entity),
        "catalog_id": whole(at(entity, "metadata", "catalog_id")),
        "quantity": plain(at(entity, "metadata", "quantity")),
    }
