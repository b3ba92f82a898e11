"""Whoever comes again is the same: people are known by the phone, companies by their ИНН."""

from typing import Any

from uzel.crm import record_store as store
from uzel.crm import writing
from uzel.crm.draft import Draft
from uzel.crm.field import Module
from uzel.crm.record import Record, Writer
from uzel.crm.values import known_by_phone
from uzel.kit.database import Connection
from uzel.model import tax_ids


async def write_known(
    connection: Connection, writer: Writer, module: Module, draft: Draft
) -> Record:
    """The record that a draft is about, made or changed by it. Who can be known by nothing is
    always new. Raises Refused.
    """
    found = await known(connection, writer.business_id, module, draft)
    if found is None:
        return await writing.insert(connection, writer, module, draft)
    return await writing.change(connection, writer, module, found["id"], draft)


async def known(connection: Connection, business_id: int, module: Module, draft: Draft) -> Any:
    """The row of whom a draft is about; until the transaction ends nobody else looks for them."""
    is_person = module.name == "Contacts"
    key = (
        known_by_phone(draft.content.get("mobile", ""))
        if is_person
        else tax_ids.known_by(draft.content.get("inn", ""))
    )
    if key is None:
        return None
    await store.take_turn(connection, business_id, key)
    find = store.person_with if is_person else store.company_with
    return await find(connection, business_id, key)
