"""query, query_related: questions in VTQL. Source: konsol-and-vtiger, B6."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.crm import query_store, relation_store, short_lists
from uzel.crm.field import Module
from uzel.crm.record import Record
from uzel.crm.refusal import Refused
from uzel.crm.vtql import evaluate
from uzel.crm.vtql.meaning import Question, understood
from uzel.web.vtiger.operation import Call
from uzel.web.vtiger.relating import MOST, asked
from uzel.web.vtiger.shown import file_of


async def query(call: Call) -> Any:
    """Records, or how many there are."""
    question = understood(call.text("query"), await call.modules())
    business_id, module = call.account.business_id, question.module
    if not module.is_kept:
        return among(question, await short_lists.rows(call.pool, business_id, module))
    return await answered(call, question)


async def answered(call: Call, question: Question, numbers: Sequence[int] | None = None) -> Any:
    """From the registry's records, or some of them."""
    business_id = call.account.business_id
    async with call.turns.take(business_id):
        if question.is_count:
            number = await query_store.count(call.pool, business_id, question, among=numbers)
            return counted(number)
        rows = await query_store.find(call.pool, business_id, question, among=numbers)
    return [row_said(question, Record.of(row)) for row in rows]


def row_said(question: Question, record: Record) -> dict[str, str]:
    """The columns that were asked for; with all of them comes what a document's file is read by."""
    said = record.wire(question.module, question.columns)
    return said if question.columns else {**said, **file_of(record, question.module)}


async def query_related(call: Call) -> Any:
    """The same among the records beside one. Here vtiger puts the last `;` itself, and so clients
    send none.
    """
    modules = await call.modules()
    text = call.text("query").rstrip()
    question = understood(text if text.endswith(";") else f"{text};", modules)
    given = {"relatedType": question.module.name, **call.given}
    relation, module, number = await asked(call, modules, given)
    if relation.module != question.module.name:
        raise Refused("UNKOWN_ENTITY", "Relation specified is incorrect")
    rows = await relation_store.beside(
        call.pool,
        call.account.business_id,
        relation.module,
        relation.field,
        module.wire_id(number),
        number,
        MOST,
    )
    # The database answers: it gives up in time, whatever the pattern of a LIKE.
    return await answered(call, question, [row["id"] for row in rows])


def among(question: Question, rows: list[dict[str, str]]) -> Any:
    """The answer from a list."""
    if question.is_count:
        return counted(evaluate.count(question, rows))
    found = evaluate.found(question, rows)
    return [shown(question.module, question, row) for row in found]


def shown(module: Module, question: Question, row: Mapping[str, str]) -> dict[str, str]:
    """The columns that were asked for."""
    return {name: row.get(name, "") for name in question.columns or module.by_name}


def counted(number: int) -> list[dict[str, str]]:
    """As the protocol says a number."""
    return [{"count": str(number)}]
