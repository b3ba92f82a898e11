"""create, retrieve, update, revise, delete. Source: konsol-and-vtiger, B2, B4 and B5."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from uzel.crm import record_store as store
from uzel.crm import refusal, short_lists, writing
from uzel.crm.catalogue import Modules, module_named, module_of_prefix
from uzel.crm.field import Module
from uzel.crm.record import Record, Writer, parse_id
from uzel.crm.refusal import Refused
from uzel.crm.stock import DOCUMENTS
from uzel.kit.database import Connection, Pool
from uzel.web.vtiger import documents
from uzel.web.vtiger.operation import Call
from uzel.web.vtiger.shown import element_of, wire_of

Write = Callable[[Connection, Writer, Module, int, Mapping[str, Any]], Awaitable[Record]]


async def create(call: Call) -> Any:
    """A new record; a document may come with its file."""
    module = kept(module_named(await call.modules(), call.text("elementType")))
    if module.name == DOCUMENTS.name and call.files:
        return await documents.create(call, module, element_of(call))
    async with call.pool.acquire() as connection, connection.transaction():
        record = await writing.create(connection, call.writer, module, element_of(call))
    return wire_of(record, module)


async def retrieve(call: Call) -> Any:
    """One record."""
    module, number = meant(await call.modules(), call.text("id"))
    if not module.is_kept:
        return await short_lists.one(call.pool, call.account.business_id, module, number)
    return wire_of(await there(call.pool, call, module, number), module)


async def update(call: Call) -> Any:
    """The whole record is as it is given."""
    return await written(call, writing.update)


async def revise(call: Call) -> Any:
    """What is given of the record is so."""
    return await written(call, writing.revise)


async def written(call: Call, write: Write) -> Any:
    """A record after it was written over."""
    element = element_of(call)
    module, number = meant(await call.modules(), str(element.get("id", "")))
    kept(module)
    async with call.pool.acquire() as connection, connection.transaction():
        await there(connection, call, module, number)
        record = await write(connection, call.writer, module, number, element)
    return wire_of(record, module)


async def delete(call: Call) -> Any:
    """The record is there no more."""
    module, number = meant(await call.modules(), call.text("id"))
    kept(module)
    async with call.pool.acquire() as connection, connection.transaction():
        await there(connection, call, module, number)
        await writing.delete(connection, call.writer, module, number)
    return {"status": "successful"}


def meant(modules: Modules, text: str) -> tuple[Module, int]:
    """(module, number) of an id. Raises Refused."""
    try:
        prefix, number = parse_id(text)
    except Refused:
        raise refusal.denied_id() from None
    return module_of_prefix(modules, prefix), number


def kept(module: Module) -> Module:
    """A module whose records are the registry's. Raises Refused."""
    if not module.is_kept:
        raise refusal.denied()
    return module


async def there(connection: Connection | Pool, call: Call, module: Module, number: int) -> Record:
    """A record that there is. Raises Refused."""
    row = await store.find(connection, call.account.business_id, number)
    if row is None:
        raise refusal.denied()
    if row["module"] != module.name:
        raise refusal.wrong_id()
    return Record.of(row)
