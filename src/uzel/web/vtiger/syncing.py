"""sync: what has changed since a moment. Source: konsol-and-vtiger, B2."""

from typing import Any

from uzel.crm import refusal
from uzel.crm.catalogue import module_named
from uzel.crm.syncing import changed_since
from uzel.web.vtiger.operation import Call
from uzel.web.vtiger.shown import wire_of

LONGEST = 12


async def sync(call: Call) -> Any:
    """Of one module, or of all; nothing changes in one whose records are not the registry's."""
    modules = await call.modules()
    name = call.text("elementType")
    asked = [module_named(modules, name)] if name else list(modules.values())
    if name and not asked[0].is_entity:
        raise refusal.denied()
    names = [module.name for module in asked if module.is_kept]
    found = await changed_since(
        call.pool, call.account.business_id, names, second_of(call.text("modifiedTime"))
    )
    return {
        "updated": [wire_of(one, modules[one.module]) for one in found.updated],
        "deleted": [modules[one.module].wire_id(one.id) for one in found.deleted],
        "more": found.more,
        "lastModifiedTime": found.until,
    }


def second_of(text: str) -> int:
    """Seconds since 1970; what is no number is the beginning."""
    whole = text.strip().partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) <= LONGEST else 0
