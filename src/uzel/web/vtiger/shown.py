"""Records as programs give them and get them."""

import json
from collections.abc import Mapping
from typing import Any

from uzel.crm.field import Module
from uzel.crm.record import Record
from uzel.crm.stock import DOCUMENTS
from uzel.web.vtiger.operation import Call


def element_of(call: Call) -> Mapping[str, Any]:
    """The record that was given; what cannot be read is one without fields. A number is its text:
    one that is too large for anything is refused by its field, and not taken for nothing.
    """
    text = call.text("element").removeprefix("\ufeff")
    try:
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=no_number)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def no_number(name: str) -> None:
    """NaN and the like are no JSON. Raises ValueError."""
    raise ValueError(name)


def wire_of(record: Record, module: Module) -> dict[str, str]:
    """A record as programs get it: with what it is called."""
    return {**record.wire(module), "label": record.label(module), **file_of(record, module)}


def file_of(record: Record, module: Module) -> dict[str, str]:
    """What `files_retrieve` is to be asked with: here, the document itself."""
    has_file = module.name == DOCUMENTS.name and "filesize" in record.content
    return {"imageattachmentids": module.wire_id(record.id)} if has_file else {}
