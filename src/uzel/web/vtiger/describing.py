"""listtypes, describe, relatedtypes. Source: konsol-and-vtiger, B2 and B5."""

import json
from typing import Any

from uzel.crm import refusal
from uzel.crm.catalogue import module_named
from uzel.crm.field import Field, Kind, Module
from uzel.crm.related import relations_of
from uzel.web.vtiger.operation import Call


async def list_types(call: Call) -> Any:
    """The modules; with `fieldTypeList`, those that have a field of one of these kinds."""
    modules = await call.modules()
    kinds = wanted(call.text("fieldTypeList"))
    shown = {
        name: module
        for name, module in modules.items()
        if not kinds or any(one.kind in kinds for one in module.fields)
    }
    return {
        "types": list(shown),
        "information": {name: about(module) for name, module in shown.items()},
    }


def wanted(text: str) -> set[str]:
    """Kinds of fields, as a JSON list or one alone; what cannot be read asks for all."""
    try:
        found = json.loads(text or "null")
    except (ValueError, RecursionError):
        found = text.strip()
    names = found if isinstance(found, list) else [found]
    return {name.lower() for name in names if isinstance(name, str) and name}


def about(module: Module) -> dict[str, Any]:
    """One line of `listtypes`."""
    return {
        "isEntity": module.is_entity,
        "label": module.label,
        "singular": module.singular,
    }


async def describe(call: Call) -> Any:
    """A module and all its fields."""
    module = module_named(await call.modules(), call.text("elementType"))
    return {
        "label": module.label,
        "name": module.name,
        "createable": module.is_kept,
        "updateable": module.is_kept,
        "deleteable": module.is_kept,
        "retrieveable": True,
        "fields": [field_said(one) for one in module.fields],
        "idPrefix": str(module.prefix),
        "isEntity": module.is_entity,
        "allowDuplicates": module.name not in ("Contacts", "Accounts"),
        "labelFields": ",".join(module.labelled_by),
    }


def field_said(one: Field) -> dict[str, Any]:
    """A field."""
    return {
        "name": one.name,
        "label": one.label,
        "mandatory": one.mandatory,
        "type": kind_said(one),
        "isunique": False,
        "nullable": not (one.mandatory or one.system),
        "editable": one.editable,
        "default": one.default,
    }


def kind_said(one: Field) -> dict[str, Any]:
    """The kind of a field, and what belongs to it."""
    said: dict[str, Any] = {"name": str(one.kind)}
    match one.kind:
        case Kind.REFERENCE:
            said["refersTo"] = list(one.refers_to)
        case Kind.OWNER:
            said["refersTo"] = ["Users"]
        case Kind.DATE:
            said["format"] = "yyyy-mm-dd"
        case Kind.PICKLIST:
            said["picklistValues"] = [{"label": it, "value": it} for it in one.choices]
            said["defaultValue"] = one.choices[0] if one.choices else ""
    return said


async def related_types(call: Call) -> Any:
    """What the records of a module can have beside them, by the label of each relation."""
    modules = await call.modules()
    module = module_named(modules, call.text("elementType"))
    if not module.is_kept:
        raise refusal.denied()
    relations = relations_of(module.name)
    return {
        "types": [one.module for one in relations],
        "information": {
            one.label: {**about(modules[one.module]), "name": one.module, "label": one.label}
            for one in relations
        },
    }
