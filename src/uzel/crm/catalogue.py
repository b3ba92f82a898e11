"""The modules of one registry: the usual ones, with the fields that it has beside them."""

from collections.abc import Iterator, Mapping
from typing import Any

from uzel.crm import refusal, user_store
from uzel.crm.field import Field, Kind, Module
from uzel.crm.stock import STOCK
from uzel.kit.database import Connection, Pool

Modules = Mapping[str, Module]


async def modules_of(connection: Connection | Pool, business_id: int) -> Modules:
    """Name → module."""
    rows = await user_store.fields(connection, business_id)
    if not rows:
        return USUAL
    return {one.name: one.with_fields(tuple(own_fields(one, rows))) for one in STOCK}


def own_fields(module: Module, rows: list[Any]) -> Iterator[Field]:
    """Of a module."""
    for row in rows:
        if row["module"] == module.name and row["name"] not in module.by_name:
            yield Field(
                row["name"],
                row["label"],
                Kind(row["kind"]),
                mandatory=row["mandatory"],
                choices=tuple(row["choices"] or ()),
            )


def module_named(modules: Modules, name: str) -> Module:
    """Of this name, in capitals or not. Raises Refused."""
    if name in modules:
        return modules[name]
    for module in modules.values():
        if module.name.lower() == name.lower():
            return module
    raise refusal.denied_name(name.encode(errors="replace").decode())


def module_of_prefix(modules: Modules, prefix: int) -> Module:
    """Raises Refused."""
    for module in modules.values():
        if module.prefix == prefix:
            return module
    raise refusal.denied_id()


USUAL: Modules = {one.name: one for one in STOCK}
