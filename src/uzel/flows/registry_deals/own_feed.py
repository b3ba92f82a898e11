"""What was written in Uzel's own registry: nothing is missed, since who writes a record says so in
the same transaction, and it is taken from there and taken in together.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from uzel.crm.catalogue import Modules, modules_of
from uzel.crm.field import Kind
from uzel.crm.record import Record, parse_id
from uzel.flows.registry_deals import mirror_store as store
from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.flows.registry_deals.take import take
from uzel.flows.registry_deals.told import (
    ABOUT,
    CONTACTS,
    PERSON,
    PROJECT,
    REFERENCE,
    Told,
    with_flags,
)
from uzel.kit.database import Connection, Pool

AT_ONCE = 200


async def read(pool: Pool, mirror: Any) -> int:
    """Take in what was written since; gives how many records."""
    taken = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            numbers = await store.take_news(connection, mirror["business_id"], AT_ONCE)
            await take_records(connection, mirror, numbers)
        taken += len(numbers)
        if len(numbers) < AT_ONCE:
            return taken


async def take_records(connection: Connection, mirror: Any, numbers: list[int]) -> None:
    """These records as they are now, and whom the projects among them are about."""
    rows = await store.records(connection, numbers)
    others = await referred(connection, mirror, rows)
    people = [
        row
        for row in others.values()
        if row["module"] == CONTACTS and row["id"] not in numbers and row["deleted_at"] is None
    ]
    modules = await modules_of(connection, mirror["business_id"])
    names = names_of(modules, others)
    settings = MirrorSettings.model_validate(mirror["settings"])
    told = [
        told_of(modules, row, settings, names)
        for row in (*people, *rows)
        if row["deleted_at"] is None
    ]
    await take(connection, mirror, told, dict(gone(modules, rows)))


def names_of(modules: Modules, rows: Mapping[int, Any]) -> dict[str, str]:
    """The protocol's number of each → what it is called."""
    return {
        modules[row["module"]].wire_id(row["id"]): Record.of(row).label(modules[row["module"]])
        for row in rows.values()
    }


def told_of(modules: Modules, row: Any, settings: MirrorSettings, names: Mapping[str, str]) -> Told:
    """A row of the registry."""
    module, record = modules[row["module"]], Record.of(row)
    flags = {one.name for one in module.fields if one.kind is Kind.BOOLEAN}
    fields = with_flags(record.wire(module), flags)
    labels = {one.name: one.label for one in module.fields if one.is_custom}
    return Told.of(module.name, fields, settings, labels, names)


def gone(modules: Modules, rows: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Number → what became of it, of those that are there no more."""
    for row in rows:
        if row["deleted_at"] is not None:
            module = modules[row["module"]]
            prefix = "CON" if row["module"] == CONTACTS else "PROJ"
            became = "Удалено в реестре"
            if row["merged_into"] is not None:
                became = f"В реестре слито с {prefix}{row['merged_into']}"
            yield module.wire_id(row["id"]), f"{became} ({prefix}{row['id']})"


async def referred(connection: Connection, mirror: Any, rows: Iterable[Any]) -> dict[int, Any]:
    """The records that projects refer to, by number, of the same registry."""
    numbers = sorted(
        {
            parse_id(text)[1]
            for row in rows
            if row["module"] == PROJECT
            for name in (PERSON, *ABOUT)
            if REFERENCE.fullmatch(text := row["content"].get(name, ""))
        }
    )
    found = await store.records(connection, numbers)
    return {row["id"]: row for row in found if row["business_id"] == mirror["business_id"]}


async def count_earlier(connection: Connection, mirror: Any) -> int:
    """How many records would get a deal at once."""
    settings = MirrorSettings.model_validate(mirror["settings"])
    return await store.count_earlier(connection, mirror, settings.deals)


async def newest(connection: Connection, mirror: Any) -> Told | None:
    """The newest record that would get a deal, as it would be told of."""
    settings = MirrorSettings.model_validate(mirror["settings"])
    row = await store.newest(connection, mirror["business_id"], settings.deals)
    if row is None:
        return None
    modules = await modules_of(connection, mirror["business_id"])
    return told_of(
        modules, row, settings, names_of(modules, await referred(connection, mirror, [row]))
    )
