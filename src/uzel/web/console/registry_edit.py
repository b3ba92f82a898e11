"""A record changed by a person: its fields, what a form said of them, its end."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.crm import record_store, writing
from uzel.crm.draft import Draft
from uzel.crm.field import Field, Kind, Module
from uzel.crm.record import Record
from uzel.crm.refusal import Refused
from uzel.crm.values import Doubt
from uzel.kit.database import Connection
from uzel.people.store import note
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, whole
from uzel.web.console.page import go
from uzel.web.console.registry_desk import (
    TAB_OF,
    label,
    living,
    modules,
    name_of,
    number_of,
    path_of,
    show,
    writer_of,
)
from uzel.web.console.registry_fields import choice_of, groups_of
from uzel.web.console.registry_record import FORM_DIFFERS, record_page
from uzel.web.console.registry_typed import Stale, about_refusal, given_of, input_of

STALE = m("Пока вы смотрели, запись изменилась. Ничего не сделано: посмотрите ещё раз.")

router = APIRouter(include_in_schema=False)


@router.get("/registry/records/{number}/edit")
async def ask_edit(desk: OwnDesk, number: str) -> Response:
    """The form."""
    return await edit_page(desk, number, {}, {})


async def edit_page(
    desk: Desk, number: str, typed: Mapping[str, str], wrong: Mapping[str, Any]
) -> Response:
    """`typed` and `wrong` by the inputs' names, where something is wrong."""
    known = await modules(desk)
    life = await living(desk, known, number)
    record = life.record
    module = known[record.module]
    groups = [
        (title, [it for it in fields if is_asked(it.field)])
        for title, fields in groups_of(desk.language, module)
    ]
    numbers = {text: number_of(it) for text, it in life.names.items()}
    values = {
        input_of(it.name): numbers.get(record.content.get(it.name, ""), record.kept_text(it))
        for it in module.fields
        if is_asked(it)
    }
    return show(
        desk,
        "registry_edit.html",
        422 if wrong else 200,
        record=record,
        module=module,
        title=name_of(desk, record, known),
        groups=[(title, fields) for title, fields in groups if fields],
        referred={
            it.name: life.names[record.content[it.name]]
            for it in module.fields
            if record.content.get(it.name) in life.names
        },
        modules=known,
        kinds=Kind,
        input_of=input_of,
        choices=lambda field, value: choices_of(desk, field, value),
        values={**values, **{name: typed[name] for name in values if name in typed}},
        wrong=wrong,
    )


def is_asked(field: Field) -> bool:
    """Whether people may write it here."""
    return field.editable and not field.system and field.kind is not Kind.FILE


def choices_of(desk: Desk, field: Field, value: str) -> list[tuple[str, str]]:
    """(value, words) of a list, with one that stands there already."""
    values = [*field.choices, *([value] if value and value not in field.choices else ())]
    return [(one, str(choice_of(desk.language, one))) for one in values]


@router.post("/registry/records/{number}/edit")
async def save(desk: OwnDesk, number: str) -> Response:
    """Write what differs from what was shown."""
    known = await modules(desk)
    life = await living(desk, known, number)
    record = life.record
    module = known[record.module]
    asked = [it for it in module.fields if is_asked(it)]
    given, wrong = await given_of(desk, asked, record, life.names)
    if wrong:
        return await edit_page(desk, number, desk.form, wrong)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            await take_turn(desk, connection, record)
            writer = await writer_of(desk, connection, record)
            if given:
                await writing.revise(connection, writer, module, record.id, given)
                await told(desk, connection, record, "change", fields=sorted(given))
    except Stale:
        # What was typed over an older record would undo what somebody else did meanwhile.
        return await edit_page(desk, number, {}, {"": desk.language.text(STALE)})
    except Refused as refused:
        return await edit_page(desk, number, desk.form, about_refusal(desk, module, refused))
    return go(path_of(record.id), "saved")


async def take_turn(desk: Desk, connection: Connection, record: Record) -> Record:
    """The record as it was shown, for nobody else to change. Raises Stale."""
    row = await record_store.lock(connection, desk.business.id, record.id)
    if row is None or row["version"] != whole(desk.form.get("version"), LARGEST_INT):
        raise Stale
    return Record.of(row)


async def told(desk: Desk, connection: Connection, record: Record, act: str, **about: Any) -> None:
    """A line in the audit; what the record holds is not in it."""
    await note(connection, desk.person.login, act, f"record:{record.id}", about)


@router.post("/registry/records/{number}/doubt")
async def decide(desk: OwnDesk, number: str) -> Response:
    """Take over what a form said, or leave what is kept."""
    known = await modules(desk)
    record = (await living(desk, known, number)).record
    module, name = known[record.module], desk.form.get("field", "")
    takes = desk.form.get("do") == "take"
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            record = await take_turn(desk, connection, record)
            writer = await writer_of(desk, connection, record)
            said = said_by_form(record, name)
            if takes:
                await writing.revise(connection, writer, module, record.id, {name: said})
            else:
                await writing.change(connection, writer, module, record.id, without(record, name))
            act = "take_over" if takes else "leave"
            await told(desk, connection, record, act, fields=[name])
    except Stale:
        return await record_page(desk, number, 409, str(desk.language.text(STALE)))
    except Refused as refused:
        why = "; ".join(map(str, about_refusal(desk, module, refused).values()))
        return await record_page(desk, number, 409, f"{label(desk, module, name)}: {why}")
    return go(path_of(record.id), "saved")


def said_by_form(record: Record, name: str) -> str:
    """What a form said of a field. Raises HTTPException 404: nothing."""
    for it in record.doubts:
        if it["field"] == name and it["code"] == FORM_DIFFERS:
            return it["given"]
    raise HTTPException(404)


def without(record: Record, name: str) -> Draft:
    """The record as it is, without what a form said of a field."""
    stay = (it for it in record.doubts if it["field"] == name and it["code"] != FORM_DIFFERS)
    return Draft({}, tuple(Doubt(**it) for it in stay), None, frozenset({name}))


@router.get("/registry/records/{number}/delete")
async def ask_delete(desk: OwnDesk, number: str) -> Response:
    """Whether it is to go, and what follows."""
    known = await modules(desk)
    life = await living(desk, known, number)
    return show(
        desk,
        "registry_delete.html",
        life=life,
        record=life.record,
        modules=known,
        here=TAB_OF.get(life.record.module),
        title=name_of(desk, life.record, known),
        beside=sum(len(one.records) for one in life.beside),
    )


@router.post("/registry/records/{number}/delete")
async def delete(desk: OwnDesk, number: str) -> Response:
    """It is there no more; what it was is kept."""
    known = await modules(desk)
    record = (await living(desk, known, number)).record
    module: Module = known[record.module]
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            writer = await writer_of(desk, connection, record)
            await record_store.lock_to_end(connection, desk.business.id, record.id)
            await take_turn(desk, connection, record)
            await writing.delete(connection, writer, module, record.id)
            await told(desk, connection, record, "delete")
    except (Stale, Refused):
        return await record_page(desk, number, 409, str(desk.language.text(STALE)))
    tab = TAB_OF.get(record.module)
    return go("/registry" + (f"/{tab.path}" if tab and tab.path else ""), "removed")
