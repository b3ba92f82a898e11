"""Fields of one deal: read for who works with links in them, and filled once (API v4, "Leads",
"Custom fields").
"""

import dataclasses
from decimal import Decimal
from functools import partial
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm import bulk
from uzel.connectors.amocrm.api import Arguments, Content, read, whole, write
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.fields import FIELDS, text_in, values_in
from uzel.connectors.amocrm.hook_deals import READ, deal_of
from uzel.connectors.amocrm.leads import PATH
from uzel.errors import ContractBroken
from uzel.kit.body import at

# In every pipeline (amoCRM, "Pipelines"): whoever closed a deal meant it.
CLOSED = (142, 143)
FILLED, GONE, SET = "filled", "gone", "set"


async def read_deal(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """Deal `lead_id` with its fields. One request.

    Answer: data {"deal": a `Deal` as an object, with "updated_at" (epoch seconds)}, or {"deal":
    null} for one that was deleted or never made. Raises every CallFailed but OutcomeUnknown.
    """
    lead = await living(http, config, arguments)
    if lead is None:
        return Answer(data={"deal": None})
    deal = deal_of(lead, READ)
    if deal is None:
        raise ContractBroken("amoCRM: в ответе нет номера сделки")
    told = {**dataclasses.asdict(deal), "updated_at": whole(lead.get("updated_at"))}
    return Answer(reference=deal.number, data={"deal": told})


async def fill_deal(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """Fill `fields` (as in `custom_fields_values`) of deal `lead_id` and move it to `pipeline_id`,
    `status_id` (both may be null), unless the field `mark` (an id, may be null) is filled already.
    The stage stays where the deal is closed or in one of `keep_stages`. It is read right before, so
    two requests; and may be repeated: what an earlier attempt wrote is found then.

    Answer: data {"outcome": "filled", "moved": bool}, {"outcome": "gone"}, or {"outcome": "set",
    "value": what the mark holds, "ours": whether that is what was to be written}. Raises a
    CallFailed; a refusal names the field.
    """
    lead = await living(http, config, arguments, "?with=loss_reason")
    if lead is None:
        return Answer(data={"outcome": GONE})
    mark = arguments.get("mark")
    if mark and values_in(lead, mark):
        ours = any(holds(lead, it) for it in arguments["fields"] if it["field_id"] == mark)
        return Answer(data={"outcome": SET, "value": text_in(lead, mark), "ours": ours})
    keep = (*CLOSED, *(arguments.get("keep_stages") or ()))
    moved = bool(arguments.get("status_id")) and lead.get("status_id") not in keep
    entity: Content = {FIELDS: arguments["fields"]} if arguments["fields"] else {}
    if moved:
        entity |= {name: arguments[name] for name in ("pipeline_id", "status_id")}
    lead_id = str(int(arguments["lead_id"]))
    if entity:
        refused = partial(bulk.refused, [entity], [lead_id])
        await write(http, config, "PATCH", f"{PATH}/{lead_id}", entity, refused)
    return Answer(reference=lead_id, data={"outcome": FILLED, "moved": moved})


async def living(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments, query: str = ""
) -> Content | None:
    """The deal, None for one that was deleted or never made."""
    lead = await read(http, config, f"{PATH}/{int(arguments['lead_id'])}{query}")
    return None if lead is None or lead.get("is_deleted") is True else lead


def holds(lead: Content, item: Content) -> bool:
    """Whether the field has the first of these values."""
    wanted = item["values"][0]
    if "enum_id" in wanted:
        found = at(lead, FIELDS)
        return any(
            at(value, "enum_id") == wanted["enum_id"]
            for field in (found if isinstance(found, list) else [])
            if at(field, "field_id") == item["field_id"]
            for value in field.get("values") or ()
        )
    kept = [same(value) for value in values_in(lead, item["field_id"])]
    return same(wanted.get("value")) in kept


def same(value: Any) -> Any:
    """A value for comparing: `20.00` and 20 are one number."""
    try:
        return Decimal(str(value)).normalize()
    except ArithmeticError:
        return str(value).strip()
