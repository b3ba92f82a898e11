"""Records as programs give them and get them."""

from collections.abc import Mapping
from typing import Any

from uzel.crm.field import Module
from uzel.crm.record import Record
from uzel.crm.stock import DOCUMENTS
from uzel.errors import PayloadInvalid
from uzel.kit.body import read_json
from uzel.web.vtiger.operation import Call


def element_of(call: Call) -> Mapping[str, Any]:
    """The record that was given; what cannot be read is one without fields."""
    try:
        found = read_json(call.text("element").encode(errors="replace"))
    except PayloadInvalid:
        return {}
    return found if isinstance(found, dict) else {}


def wire_of(record: Record, module: Module) -> dict[str, str]:
    """A record as programs get it: with what it is called."""
    return {**record.wire(module), "label": record.label(module), **file_of(record, module)}


def file_of(record: Record, module: Module) -> dict[str, str]:
    """What `files_retrieve` is to be asked with: here, the document itself."""
    has_file = module.name == DOCUMENTS.name and "filesize" in record.content
    return {"imageattachmentids": module.wire_id(record.id)} if has_file else {}
