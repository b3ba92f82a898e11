"""What a body tells of the fields of deals, for who works with links in them.

A hook has all filled fields of a lead, or no `custom_fields` at all where none is filled. Digital
Pipeline sends numbers of the lead, its stage and its pipeline alone, and a change of stage may come
without fields too: such a lead has to be read.
"""

import re
from collections.abc import Mapping
from typing import Any

from uzel.connectors.amocrm.custom_fields import SPELLINGS, items, values
from uzel.kit.body import number_of, storable, text_of
from uzel.model.deal import Deal, DealField

TOLD = "deal.told"
ACTIONS = ("add", "update", "status")
READ = "read"
MOST_FIELDS = 300
LONGEST_LINK = 8000
# What else stands in a body that tells of a lead as a whole.
WHOLE = ("name", "updated_at", "last_modified", "date_create", "created_at")
LINK = re.compile(r"[^\s]+[.:/][^\s]+")


def deal_of(lead: Any, action: str) -> Deal | None:
    """The deal a hook tells of (`action`), or that was read (READ); None where there is none."""
    if not isinstance(lead, dict) or action not in (*ACTIONS, READ):
        return None
    number = number_of(lead.get("id"))
    if number is None:
        return None
    told = any(name in lead for name in SPELLINGS)
    # A lead that was read has null in the place of its fields where none is filled.
    whole = action == READ or (action != "status" and any(name in lead for name in WHOLE))
    return Deal(
        number=number,
        pipeline=number_of(lead.get("pipeline_id")),
        stage=number_of(lead.get("status_id")),
        fields=fields_in(lead) if told or whole else None,
    )


def fields_in(lead: Mapping[str, Any]) -> tuple[DealField, ...]:
    """The filled fields, in either spelling."""
    found: list[DealField] = []
    for spelling in SPELLINGS:
        for item in items(lead.get(spelling)):
            if isinstance(item, dict) and len(found) < MOST_FIELDS:
                found.extend(field_of(item))
    return tuple(found)


def field_of(item: Mapping[str, Any]) -> list[DealField]:
    """At most one: none for a field that is empty, or has neither number nor name."""
    field_id = number_of(item.get("field_id")) or number_of(item.get("id"))
    name = text_of(item.get("field_name")) or text_of(item.get("name"))
    for value, _ in values(item.get("values", item.get("value"))):
        if value in (None, "") or (field_id is None and name is None):
            continue
        return [DealField(field_id, name, link_of(value))]
    return []


def link_of(value: Any) -> str | None:
    """The value as text, where it looks like an address."""
    text = storable(value).strip() if isinstance(value, str) else ""
    return text if len(text) <= LONGEST_LINK and LINK.fullmatch(text) else None
