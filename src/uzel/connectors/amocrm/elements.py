"""Goods: elements of a list (API v4, "Lists"). A list of type `products` has the fields SKU and
PRICE; in every other list somebody made such fields, and their ids are given.
"""

from collections.abc import Collection, Sequence

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm import bulk
from uzel.connectors.amocrm.amounts import amount_of
from uzel.connectors.amocrm.api import Arguments, Content, entity_id
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.fields import FIELDS, FieldName, text_in, written
from uzel.connectors.amocrm.paging import MOST_PAGES, page_of, walk
from uzel.kit.body import text_of

NAME = "elements"
# So many SKUs are asked for one by one; for more the whole list is read, 250 elements a request.
FEW = 3


async def find_elements(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """The elements of list `catalog_id` whose SKU is exactly `sku`, the oldest first; deleted ones
    are left out. `sku_field_id`, `price_field_id`: null for the fields SKU and PRICE. One request,
    more where more than 250 elements hold that text anywhere.

    Answer: data {"elements": [{"id", "sku", "name", "price"}]}, prices as decimal text, all but the
    id may be null. Raises Rejected `too_many_pages` and every other CallFailed but OutcomeUnknown.
    """
    found = await having(http, config, arguments, str(arguments["sku"]).strip())
    return Answer(data={"elements": [shown(element, arguments) for element in found]})


async def list_elements(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Page `page` (from 1) of list `catalog_id`, 250 elements; deleted ones are left out. One
    request.

    Answer: data {"elements": as `find_elements` gives them, "more": whether there is another page}.
    Raises every CallFailed but OutcomeUnknown.
    """
    page = await page_of(http, config, path_of(arguments), NAME, int(arguments["page"]))
    elements = [shown(it, arguments) for it in page.entities if it.get("is_deleted") is not True]
    return Answer(data={"elements": elements, "more": page.more})


async def create_elements(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Make `elements` in list `catalog_id`, at most 250: [{"request_id", "sku", "name", "price"
    (decimal text, may be null)}]. `sku_field_id`, `price_field_id` as in `find_elements`. One
    request.

    Answer: data {"ids": {request_id: id}}. Raises a CallFailed; a refusal names the requests, see
    `bulk.refused`.
    """

    def element_of(given: Content) -> Content:
        sku = written(sku_field(arguments), str(given["sku"]))
        return {"name": given["name"], FIELDS: [sku, *price_values(arguments, given)]}

    path = path_of(arguments)
    return await bulk.create(http, config, path, NAME, arguments["elements"], element_of)


async def look_up_elements(
    http: httpx2.AsyncClient, config: AmocrmConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """Which SKUs are in the list, whoever put them there. A request for each of a few; for more the
    list is read until all are found, at most twenty pages of it, and the rest is asked for.
    """
    given: Sequence[Content] = arguments["elements"]
    requests = {str(element["sku"]).strip(): str(element["request_id"]) for element in given}
    known: dict[str, int] = {}
    left = {*requests}
    if len(requests) > FEW:
        known, ended = await in_list(http, config, arguments, requests)
        left = set() if ended else left - known.keys()
    for sku in left:
        if elements := await having(http, config, arguments, sku):
            known[sku] = entity_id(elements[0])
    return bulk.found({requests[sku]: element for sku, element in known.items()})


async def update_elements(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Change `elements` of list `catalog_id`, at most 250: [{"id", "price" (decimal text),
    "name"}]; what of the last two is missing stays, as does all else. `price_field_id` as in
    `find_elements`. One request. May be repeated.

    Answer: data {"updated": [id]}. Raises a CallFailed; a refusal names the ids, see
    `bulk.refused`.
    """
    entities = [changed(arguments, given) for given in arguments["elements"]]
    names = [str(entity["id"]) for entity in entities]
    told = await bulk.send(http, config, "PATCH", path_of(arguments), NAME, entities, names)
    return Answer(data={"updated": bulk.ids_in(told)})


async def having(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments, sku: str
) -> list[Content]:
    """The elements with exactly this SKU, the oldest first: `query` finds any text in any field."""
    found = {
        entity_id(element): element
        async for element in walk(http, config, path_of(arguments), NAME, {"query": sku})
        if sku_of(element, arguments) == sku
    }
    return [found[known] for known in sorted(found)]


async def in_list(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments, skus: Collection[str]
) -> tuple[dict[str, int], bool]:
    """SKU → element, as far as the first pages of the list tell, and whether they are enough: all
    were found, or there is no more to read. In which order elements come is not documented.
    """
    known: dict[str, int] = {}
    for number in range(1, MOST_PAGES + 1):
        page = await page_of(http, config, path_of(arguments), NAME, number)
        for element in page.entities:
            if (sku := sku_of(element, arguments)) in skus:
                known.setdefault(str(sku), entity_id(element))
        if not page.more or len(known) == len(skus):
            return known, True
    return known, False


def path_of(arguments: Arguments) -> str:
    return f"/api/v4/catalogs/{int(arguments['catalog_id'])}/elements"


def sku_field(arguments: Arguments) -> FieldName:
    return arguments.get("sku_field_id") or "SKU"


def price_field(arguments: Arguments) -> FieldName:
    return arguments.get("price_field_id") or "PRICE"


def sku_of(element: Content, arguments: Arguments) -> str | None:
    """The SKU of an element that is not deleted."""
    return None if element.get("is_deleted") is True else text_in(element, sku_field(arguments))


def price_values(arguments: Arguments, given: Content) -> list[Content]:
    """Elements have their prices as text: 999.12. Raises Rejected for what is no price."""
    price = given.get("price")
    if price is None:
        return []
    text = f"{amount_of(price, 'цена товара', 'price_not_number'):f}"
    return [written(price_field(arguments), text)]


def changed(arguments: Arguments, given: Content) -> Content:
    """Only what is to change: a whole entity would undo what others changed meanwhile."""
    entity: Content = {"id": given["id"]}
    if given.get("name"):
        entity["name"] = given["name"]
    if values := price_values(arguments, given):
        entity[FIELDS] = values
    return entity


def shown(element: Content, arguments: Arguments) -> Content:
    return {
        "id": entity_id(element),
        "sku": text_in(element, sku_field(arguments)),
        "name": text_of(element.get("name")),
        "price": text_in(element, price_field(arguments)),
    }
