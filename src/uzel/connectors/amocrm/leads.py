"""Deals: made, changed and read many at a time (API v4, "Leads").

Nothing at amoCRM keeps two deals from having the same order code, so a deal is known again by the
code in a field of its own or, where there is no such field, by its exact name.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm import bulk
from uzel.connectors.amocrm.amounts import amount_of, rounded
from uzel.connectors.amocrm.api import Arguments, Content, embedded, entity_id, read, whole
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.fields import FIELDS, text_in, written
from uzel.connectors.amocrm.links import element_of
from uzel.connectors.amocrm.paging import created_at, in_order, newest, page_of, walk
from uzel.kit.body import text_of

PATH = "/api/v4/leads"
NAME = "leads"
CHANGEABLE = ("pipeline_id", "status_id", "price", "loss_reason_id")


async def create_leads(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Make `leads`, at most 250: [{"request_id", "name", "price" (whole, or decimal text that is
    rounded: deals have no kopecks), "pipeline_id", "status_id", "responsible_user_id",
    "contact_id", "order_code"}], all but the first two may be null. `order_code_field_id` and `tag`
    (a name) may be null. One request.

    `since` (epoch seconds, shortly before the call) is for the look-up. Answer: data {"ids":
    {request_id: id}}. Raises a CallFailed; a refusal names the requests, see `bulk.refused`.
    """
    make = partial(lead_of, arguments=arguments)
    return await bulk.create(http, config, PATH, NAME, arguments["leads"], make)


async def look_up_leads(
    http: httpx2.AsyncClient, config: AmocrmConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """Which of them are there: deals made since `since` with that order code, or with that very
    name. The newest deals are listed, so one request answers for all.
    """
    given: Sequence[Content] = arguments["leads"]
    field_id = arguments.get("order_code_field_id")
    wanted = {
        key_of(lead.get("order_code") if field_id else None, lead["name"]): str(lead["request_id"])
        for lead in given
    }
    ids: dict[str, int] = {}
    since = bulk.since_of(arguments)
    async for lead in newest(http, config, PATH, NAME, "created_at", since):
        key = key_of(text_in(lead, field_id) if field_id else None, lead.get("name"))
        if lead.get("is_deleted") is not True and key in wanted:
            ids[wanted.pop(key)] = entity_id(lead)
        if not wanted:
            break
    return bulk.found(ids)


async def update_leads(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Change `leads`, at most 250: [{"id", and any of "pipeline_id", "status_id", "price" (as in
    `create_leads`), "loss_reason_id"}]; nothing else of them changes. One request. May be repeated.

    Answer: data {"updated": [{"id", "updated_at"}]}. Raises a CallFailed; a refusal names the ids,
    see `bulk.refused`.
    """
    entities = [
        {"id": given["id"]}
        | {name: given[name] for name in CHANGEABLE if given.get(name) is not None}
        | priced(given)
        for given in arguments["leads"]
    ]
    names = [str(entity["id"]) for entity in entities]
    told = await bulk.send(http, config, "PATCH", PATH, NAME, entities, names)
    updated = [
        {"id": known, "updated_at": whole(lead.get("updated_at"))}
        for lead in told
        for known in bulk.ids_in([lead])
    ]
    return Answer(data={"updated": updated})


async def read_lead(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """Deal `lead_id` with its contacts and goods. One request.

    Answer: data {"lead": {"id", "name", "price", "status_id", "pipeline_id", "responsible_user_id",
    "contacts": [id], the main one first, "elements": [{"id", "catalog_id", "quantity" (decimal
    text)}], "updated_at"}}, or {"lead": null} for one that was deleted or never made. Raises every
    CallFailed but OutcomeUnknown.
    """
    lead_id = int(arguments["lead_id"])
    lead = await read(http, config, f"{PATH}/{lead_id}?with=contacts,catalog_elements")
    if lead is None or lead.get("is_deleted") is True:
        return Answer(data={"lead": None})
    contacts = sorted(embedded(lead, "contacts"), key=lambda it: it.get("is_main") is not True)
    shown_lead = {
        "id": entity_id(lead),
        "name": text_of(lead.get("name")),
        **{
            name: whole(lead.get(name))
            for name in ("price", "status_id", "pipeline_id", "responsible_user_id", "updated_at")
        },
        "contacts": [entity_id(contact) for contact in contacts],
        "elements": [element_of(it) for it in embedded(lead, "catalog_elements")],
    }
    return Answer(reference=str(lead_id), data={"lead": shown_lead})


async def find_leads(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """The deals with `order_code` in the field `order_code_field_id`, the oldest first; where that
    is null, those with exactly the name `name`. Deleted ones are left out. One request, more where
    more than 250 deals hold that code anywhere.

    Answer: data {"leads": as `list_leads` gives them}. Raises Rejected `too_many_pages` and every
    other CallFailed but OutcomeUnknown.
    """
    field_id, code = arguments.get("order_code_field_id"), str(arguments["order_code"]).strip()
    wanted = key_of(code if field_id else None, arguments.get("name") or code)
    found = {
        entity_id(lead): shown(lead, field_id)
        async for lead in walk(http, config, PATH, NAME, {"query": code})
        if lead.get("is_deleted") is not True
        and key_of(text_in(lead, field_id) if field_id else None, lead.get("name")) == wanted
    }
    return Answer(data={"leads": [found[known] for known in sorted(found)]})


async def list_leads(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Page `page` (from 1) of the deals made since `since` (epoch seconds), 250 deals, the newest
    first; deleted ones are left out. One request. What is made between two pages moves the others
    on, so a deal may come twice, and none is missed.

    Answer: data {"leads": [{"id", "name", "order_code" (null without `order_code_field_id`),
    "status_id", "pipeline_id", "price", "created_at"}], "more": whether the next page may hold
    any}. Raises every CallFailed but OutcomeUnknown.
    """
    since, order = int(arguments["since"]), {"order[created_at]": "desc"}
    page = await page_of(http, config, PATH, NAME, int(arguments["page"]), order)
    in_order(page.entities, "created_at")
    young = [lead for lead in page.entities if created_at(lead) >= since]
    field_id = arguments.get("order_code_field_id")
    leads = [shown(lead, field_id) for lead in young if lead.get("is_deleted") is not True]
    more = page.more and len(young) == len(page.entities)
    return Answer(data={"leads": leads, "more": more})


def lead_of(given: Content, arguments: Arguments) -> Content:
    """A deal as amoCRM takes it, without what is not known."""
    entity: Content = {"name": given["name"]}
    for name in ("pipeline_id", "status_id", "responsible_user_id"):
        if given.get(name):
            entity[name] = given[name]
    field_id, code = arguments.get("order_code_field_id"), given.get("order_code")
    if field_id and code:
        entity[FIELDS] = [written(field_id, str(code))]
    inner: Content = {}
    if given.get("contact_id"):
        inner["contacts"] = [{"id": given["contact_id"], "is_main": True}]
    if arguments.get("tag"):
        inner["tags"] = [{"name": arguments["tag"]}]
    return entity | priced(given) | ({"_embedded": inner} if inner else {})


def key_of(code: Any, name: Any) -> tuple[str, str | None]:
    """What a deal is known by: its order code, or its name where it has none."""
    found = str(code).strip() if code is not None else ""
    return ("code", found) if found else ("name", text_of(name))


def priced(given: Content) -> Content:
    """The price, if there is one, as the whole number that deals have. Raises Rejected."""
    price: Any = given.get("price")
    if price is None:
        return {}
    return {"price": rounded(amount_of(price, "бюджет сделки", "price_not_number"))}


def shown(lead: Content, field_id: int | None) -> Content:
    numbers = ("status_id", "pipeline_id", "price", "created_at")
    return {
        "id": entity_id(lead),
        "name": text_of(lead.get("name")),
        "order_code": text_in(lead, field_id) if field_id else None,
        **{name: whole(lead.get(name)) for name in numbers},
    }
