"""What a person typed into the form of a record, and what is wrong with it, in their words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from uzel.crm.catalogue import USUAL
from uzel.crm.field import NUMBERS, Field, Kind, Module
from uzel.crm.record import NUMBERED, Record, is_number
from uzel.crm.refusal import Refused
from uzel.crm.values import read
from uzel.views import registry_store
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.registry_desk import number_of, path_of
from uzel.web.console.registry_words import DOUBTS, doubt

TAKEN = m("Это уже записано за другой записью ({number}). Если это одно и то же, слейте их.")
MISSING = m("Без этого записи не бывает: заполните.")
TOO_LONG = m("Слишком длинно.")
NUMBER = m("Нужно число.")
WRONG = m("Такое значение сюда не подходит.")
NO_RECORD = m("Впишите номер записи, как он стоит на её странице: ACC12.")
_RECORD = re.compile(rf"(?:{'|'.join(NUMBERED.values())}|№|#|[0-9]{{1,3}}x)?\s?([0-9]{{1,18}})")
# `taken` of refusals calls the phone and the ИНН by these names.
_WIRE_ID = re.compile(r"belongs to [0-9]+x([0-9]+) already")


class Stale(Exception):
    """The record is not what was shown any more."""


def input_of(name: str) -> str:
    """The name of a field's input: none of a form's own."""
    return f"f_{name}"


async def given_of(
    desk: Desk, asked: Iterable[Field], record: Record, names: Mapping[str, Record]
) -> tuple[dict[str, str], dict[str, Markup]]:
    """(field → text, of what differs from what was shown; input → what is wrong with it)."""
    given: dict[str, str] = {}
    wrong: dict[str, Markup] = {}
    for field in asked:
        typed, kept = desk.form.get(input_of(field.name)), record.kept_text(field)
        if typed is None or typed.strip() == shown(field, kept, names).strip():
            continue
        text = typed.strip()
        try:
            if field.kind is Kind.REFERENCE and text:
                text = await referred(desk, field, text)
            read(field, text)
            given[field.name] = text
        except Refused as refused:
            wrong[input_of(field.name)] = words_of(desk, field, refused)
    return given, wrong


def shown(field: Field, kept: str, names: Mapping[str, Record]) -> str:
    """A value as a browser gives it back untouched; an input of one line drops ends of lines."""
    if kept in names:
        return number_of(names[kept])
    whole = kept.replace("\r\n", "\n").replace("\r", "\n")
    return whole if field.kind is Kind.TEXT else whole.replace("\n", "")


async def referred(desk: Desk, field: Field, text: str) -> str:
    """The id on the wire of a record that is meant by its number. Raises Refused."""
    match = _RECORD.fullmatch(text.upper().replace("X", "x"))
    rows: list[Any] = []
    if match:
        pool = desk.deps.pool
        rows = await registry_store.records_by_number(pool, desk.business.id, [int(match[1])])
    for row in rows:
        if row["deleted_at"] is None and row["module"] in field.refers_to:
            return USUAL[row["module"]].wire_id(row["id"])
    raise Refused("REFERENCE_INVALID", field.name)


def about_refusal(desk: Desk, module: Module, refused: Refused) -> dict[str, Markup]:
    """Input → what is wrong; of a refusal that names no field the whole form."""
    first, last = re.split(r"[: ]", refused.message, maxsplit=1)[0], refused.message.split(" ")[-1]
    name = next((it for it in (first, last) if it in module.by_name), "")
    if not name:
        return {"": desk.language.text(WRONG)}
    return {input_of(name): words_of(desk, module.by_name[name], refused)}


def words_of(desk: Desk, field: Field, refused: Refused) -> Markup:
    """Why a field is not taken."""
    spoken = desk.language
    if found := _WIRE_ID.search(refused.message):
        return linked(spoken.text(TAKEN, number=found[1]), found[1])
    expected = refused.message.rpartition(": ")[2]
    if expected in DOUBTS or expected.startswith(("phone_", "no_phone")):
        return doubt(spoken, expected)
    said = {"MANDATORY_FIELDS_MISSING": MISSING, "REFERENCE_INVALID": NO_RECORD}.get(refused.code)
    if said is None and expected == "too long":
        said = TOO_LONG
    if said is None and field.kind in NUMBERS:
        said = NUMBER
    return spoken.text(said or WRONG)


def linked(text: Markup, number: str) -> Markup:
    """The number in a text as a way to its record."""
    if not is_number(number):
        return text
    link = Markup('<a href="{}">{}</a>').format(path_of(int(number)), number)
    before, found, after = text.partition(f"({number})")
    return before + Markup("(") + link + Markup(")") + after if found else text
