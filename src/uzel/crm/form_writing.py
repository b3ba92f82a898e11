"""Whom a form is about, written down: of somebody known what is empty is filled, what differs is
pointed out; only themselves replace it.
"""

from collections.abc import Mapping
from dataclasses import replace

from uzel.crm import writing
from uzel.crm.checks import demand_owner, demand_references
from uzel.crm.draft import Draft, read_all
from uzel.crm.field import Module
from uzel.crm.knowing import known
from uzel.crm.record import Record, Writer
from uzel.crm.values import Doubt, known_by_phone
from uzel.kit.database import Connection


async def write(
    connection: Connection,
    writer: Writer,
    module: Module,
    text: Mapping[str, str],
    *,
    is_trusted: bool,
) -> tuple[Record, bool]:
    """(the record, whether whoever posts is taken for whom it is about). is_trusted: whether it is
    known that they have the phone.
    """
    draft = read_all(module, text)
    draft = replace(draft, content={name: one for name, one in draft.content.items() if one})
    await demand_references(connection, writer, module, draft)
    await demand_owner(connection, writer, draft)
    row = await known(connection, writer.business_id, module, draft)
    if row is None:
        return await writing.insert(connection, writer, module, draft), True
    if not is_trusted:
        draft = completing(draft, row["content"])
    return await writing.change(connection, writer, module, row["id"], draft), is_trusted


def completing(draft: Draft, content: Mapping[str, str]) -> Draft:
    """What a draft adds to a content."""
    added = {name: text for name, text in draft.content.items() if not content.get(name)}
    differs = tuple(
        Doubt(name, "form_differs", text)
        for name, text in draft.content.items()
        if content.get(name) and not is_same(content[name], text)
    )
    doubts = tuple(one for one in draft.doubts if one.field in added) + differs
    return Draft(added, doubts, None, frozenset({*added, *(one.field for one in differs)}))


def is_same(one: str, other: str) -> bool:
    """Whether two values say the same: a phone may be spelt in many ways."""
    phone = known_by_phone(one)
    return one == other or (phone is not None and phone == known_by_phone(other))
