"""Records made, changed and deleted: one way for programs, forms and people.

What is checked, and in which order, is what vtiger checks (konsol-and-vtiger, B4): what is referred
to, then what is mandatory, then whose it shall be.
"""

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from typing import Any

import asyncpg

from uzel.crm import record_store as store
from uzel.crm import refusal
from uzel.crm.checks import demand_owner, demand_references, judged
from uzel.crm.draft import Draft, defaults, demand_mandatory, read_all, writable
from uzel.crm.field import Module
from uzel.crm.record import Record, Writer
from uzel.crm.values import Doubt, folded, known_by_phone
from uzel.kit.database import Connection
from uzel.model import tax_ids

INN_OF = {"Contacts": "cf_contacts_inn", "Accounts": "inn"}


async def create(
    connection: Connection, writer: Writer, module: Module, given: Mapping[str, Any]
) -> Record:
    """A new record. Raises Refused."""
    draft = read_all(module, {**defaults(module), **given})
    await demand_references(connection, writer, module, draft)
    demand_mandatory(module, draft.content, draft.owner_id)
    await demand_owner(connection, writer, draft)
    return await insert(connection, writer, module, draft)


async def insert(connection: Connection, writer: Writer, module: Module, draft: Draft) -> Record:
    """Write a new record down. Raises Refused: somebody else is known by the same."""
    content = {name: text for name, text in draft.content.items() if text}
    doubts = judged(writer, module, content, draft.doubts)
    columns = columns_of(module, content, doubts, draft.owner_id or writer.user_id)
    async with not_taken(connection, writer, module, columns):
        row = await store.insert(
            connection,
            writer.business_id,
            module.name,
            columns,
            user_id=writer.user_id,
            source=writer.source,
            made_by=writer.made_by,
        )
    changes = {name: ["", text] for name, text in content.items()}
    await store.add_change(connection, row, "created", writer.made_by, changes)
    return Record.of(row)


async def update(
    connection: Connection, writer: Writer, module: Module, number: int, given: Mapping[str, Any]
) -> Record:
    """The record as it is given: what is not said is emptied, as vtiger has it. Raises Refused."""
    draft = read_all(module, given)
    await demand_references(connection, writer, module, draft)
    demand_mandatory(module, draft.content, draft.owner_id)
    emptied = dict.fromkeys(writable(module), "")
    whole = replace(draft, content={**emptied, **draft.content}, given=frozenset(emptied))
    return await change(connection, writer, module, number, whole)


async def revise(
    connection: Connection, writer: Writer, module: Module, number: int, given: Mapping[str, Any]
) -> Record:
    """Some fields of a record; what is not said stays. Raises Refused."""
    draft = read_all(module, given)
    await demand_references(connection, writer, module, draft)
    for name, text in draft.content.items():
        if not text and module.by_name[name].mandatory:
            raise refusal.missing(name)
    return await change(connection, writer, module, number, draft)


async def change(
    connection: Connection, writer: Writer, module: Module, number: int, draft: Draft
) -> Record:
    """Write a draft over a record. Raises Refused: there is none, or somebody else is known by the
    same.
    """
    await demand_owner(connection, writer, draft)
    row = await store.lock(connection, writer.business_id, number)
    if row is None or row["module"] != module.name:
        raise refusal.denied()
    before = Record.of(row)
    # What cannot be read is no reason to forget what is known.
    unread = {one.field for one in draft.doubts if not draft.content.get(one.field)}
    said = {name: text for name, text in draft.content.items() if name not in unread}
    content = {**before.content, **said}
    content = {name: text for name, text in content.items() if text}
    stay = [Doubt(**one) for one in before.doubts if one["field"] not in draft.given]
    doubts = judged(writer, module, content, (*stay, *draft.doubts))
    owner_id = draft.owner_id or before.owner_id
    changes = differences(before.content, content)
    if owner_id != before.owner_id:
        changes["assigned_user_id"] = [str(before.owner_id), str(owner_id)]
    if not changes and [one.as_json() for one in doubts] == list(before.doubts):
        return before
    columns = columns_of(module, content, doubts, owner_id)
    async with not_taken(connection, writer, module, columns):
        row = await store.change(connection, number, columns, user_id=writer.user_id)
    await store.add_change(connection, row, "changed", writer.made_by, changes)
    return Record.of(row)


async def delete(connection: Connection, writer: Writer, module: Module, number: int) -> None:
    """Raises Refused where there is no such record."""
    row = await store.lock_to_end(connection, writer.business_id, number)
    if row is None or row["module"] != module.name:
        raise refusal.denied()
    changes = {name: [text, ""] for name, text in row["content"].items()}
    row = await store.delete(connection, number, user_id=writer.user_id)
    await store.add_change(connection, row, "deleted", writer.made_by, changes)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    """Field → [before, after], of what is not the same."""
    return {
        name: [before.get(name, ""), after.get(name, "")]
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }


def columns_of(
    module: Module, content: Mapping[str, str], doubts: Iterable[Doubt], owner_id: int
) -> dict[str, Any]:
    """A row of the database."""
    phone = known_by_phone(content.get("mobile", "")) if module.name == "Contacts" else None
    inn = tax_ids.known_by(content.get(INN_OF.get(module.name, ""), ""))
    return {
        "content": content,
        "folded": folded(content),
        "phone": phone,
        "inn": inn,
        "doubts": [one.as_json() for one in doubts],
        "owner_id": owner_id,
    }


@contextlib.asynccontextmanager
async def not_taken(
    connection: Connection, writer: Writer, module: Module, columns: Mapping[str, Any]
) -> AsyncIterator[None]:
    """Turns what the database says of a second one into what the program is told."""
    try:
        async with connection.transaction():
            yield
    except asyncpg.UniqueViolationError:
        business_id, is_person = writer.business_id, module.name == "Contacts"
        find = store.person_with if is_person else store.company_with
        key = columns["phone" if is_person else "inn"]
        other = await find(connection, business_id, key)
        whose = module.wire_id(other["id"]) if other is not None else "another one"
        raise refusal.taken("mobile" if is_person else "inn", whose) from None
