"""retrieve_related, add_related: records that stand beside a record.

Source: konsol-and-vtiger, B2.
"""

from collections.abc import Mapping
from typing import Any

from uzel.crm import file_store, record_store, relation_store, writing
from uzel.crm.catalogue import Modules
from uzel.crm.field import Module
from uzel.crm.record import Record
from uzel.crm.refusal import Refused
from uzel.crm.related import Relation, relation_to
from uzel.web.vtiger.operation import Call
from uzel.web.vtiger.records import kept, meant, there
from uzel.web.vtiger.shown import wire_of

MOST = 1000
WRONG = Refused("UNKOWN_ENTITY", "Relation specified is incorrect")


async def retrieve(call: Call) -> Any:
    """Records of another module beside this one, the oldest first."""
    modules = await call.modules()
    relation, module, number = await asked(call, modules, call.given)
    rows = await relation_store.beside(
        call.pool,
        call.account.business_id,
        relation.module,
        relation.field,
        module.wire_id(number),
        number,
        MOST,
    )
    other = modules[relation.module]
    return [wire_of(Record.of(row), other) for row in rows]


async def asked(
    call: Call, modules: Modules, given: Mapping[str, str]
) -> tuple[Relation, Module, int]:
    """(relation, module and number of the record). Raises Refused."""
    module, number = meant(modules, given.get("id", ""))
    await there(call.pool, call, kept(module), number)
    relation = relation_to(module.name, given.get("relatedType", ""), given.get("relatedLabel", ""))
    if relation is None:
        raise WRONG
    return relation, module, number


async def add(call: Call) -> Any:
    """Have a record stand beside another one."""
    modules = await call.modules()
    module, number = meant(modules, call.text("sourceRecordId"))
    other, other_number = meant(modules, call.text("relatedRecordId"))
    relation = relation_to(module.name, other.name, call.text("relationIdLabel"))
    if relation is None:
        raise WRONG
    async with call.pool.acquire() as connection, connection.transaction():
        # Both live on until the end: what is merged away meanwhile takes no document with it.
        numbers = (number, other_number)
        await record_store.modules_of(connection, call.account.business_id, numbers)
        await there(connection, call, module, number)
        await there(connection, call, other, other_number)
        if relation.field is None:
            await file_store.relate(connection, number, other_number, call.writer.made_by)
        else:
            given = {relation.field: module.wire_id(number)}
            await writing.revise(connection, call.writer, other, other_number, given)
    return {"message": "successfull"}
