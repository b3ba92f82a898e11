"""One record of the registry with all about it, and the files of its documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from uzel.crm.catalogue import Modules
from uzel.crm.field import Field, Module
from uzel.crm.files import content
from uzel.crm.record import Record
from uzel.views.registry import Change, RecordLife, version
from uzel.views.story import story_of
from uzel.web.console import registry_words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, found, row_id
from uzel.web.console.registry_deal import deal_of
from uzel.web.console.registry_desk import (
    DOCUMENTS,
    TAB_OF,
    Shown,
    label,
    modules,
    name_of,
    show,
    the_life,
    value_of,
)
from uzel.web.console.registry_fields import groups_of

FORM_DIFFERS = "form_differs"
# Label of a relation → what it is called here.
BESIDE_NAMES = {
    "Projects": m("Проекты"),
    "Offences": m("Претензии к компании"),
    "Mediations": m("Компания посредник"),
    "Contacts": m("Люди"),
    "Accounts": m("Компании"),
    "Project": m("Проекты"),
    "Leads": m("Лиды"),
}

# Of whom there may be a story: who has a phone.
WITH_STORY = [TAB_OF[name] for name in ("Contacts", "Accounts", "Leads")]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A field with its value."""

    label: str
    name: str
    value: Shown
    is_phone: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A field before and after a change."""

    label: str
    before: Shown
    after: Shown


@router.get("/registry/records/{number}")
async def show_record(desk: OwnDesk, number: str) -> Response:
    """One record."""
    return await record_page(desk, number)


async def record_page(desk: Desk, number: str, status: int = 200, said: str = "") -> Response:
    """`said`: why what was asked for is not done."""
    known = await modules(desk)
    life = await the_life(desk, known, number)
    record = life.record
    module, here = known[record.module], TAB_OF.get(record.module)
    return show(
        desk,
        "registry_record.html",
        status,
        life=life,
        record=record,
        modules=known,
        module=module,
        here=here,
        documents_title=DOCUMENTS,
        title=name_of(desk, record, known),
        said=said,
        groups=filled(desk, module, life, known),
        empty=emptied(desk, module, record),
        label=lambda name: label(desk, module, name),
        kept=lambda name: shown(desk, module, name, record.content.get(name, ""), life, known),
        value=lambda it, name: of_another(desk, life, known, it, name),
        columns=lambda name: columns_of(desk, known, name),
        beside_names=BESIDE_NAMES,
        story=await story_of(desk.deps.pool, module, record) if here in WITH_STORY else None,
        story_kinds=registry_words.STORY,
        deal=await deal_of(desk, module, record),
        differences=lambda change: list(differences(desk, module, change, life, known)),
    )


def of_another(desk: Desk, life: RecordLife, known: Modules, it: Record, name: str) -> Shown:
    """A field of a record beside this one; that it refers to this one is plain."""
    text = it.content.get(name, "")
    if text in life.names and life.names[text].id == life.record.id:
        return Shown("")
    return value_of(desk, field_of(known[it.module], name), text, life.names, known)


def filled(
    desk: Desk, module: Module, life: RecordLife, known: Modules
) -> Sequence[tuple[str, Sequence[Line]]]:
    """The groups of fields that have a value."""
    found_groups = []
    for title, fields in groups_of(desk.language, module):
        lines = [
            Line(
                str(it.label),
                it.field.name,
                value_of(desk, it.field, life.record.content[it.field.name], life.names, known),
                it.field.kind == "phone",
            )
            for it in fields
            if it.field.name in life.record.content
        ]
        if lines:
            found_groups.append((str(title), lines))
    return found_groups


def emptied(desk: Desk, module: Module, record: Record) -> Sequence[str]:
    """What is not known, in the order of the page."""
    groups = groups_of(desk.language, module)
    return [
        str(it.label)
        for _, fields in groups
        for it in fields
        if it.field.editable and it.field.name not in record.content
    ]


def columns_of(desk: Desk, known: Modules, module: str) -> Sequence[tuple[str, str]]:
    """(field, label) of a module's records in a short list."""
    tab = TAB_OF.get(module)
    return [(name, label(desk, known[module], name)) for name in tab.columns] if tab else []


def differences(
    desk: Desk, module: Module, change: Change, life: RecordLife, known: Modules
) -> Sequence[Difference]:
    """What a change did, field by field."""
    return [
        Difference(
            label(desk, module, name),
            shown(desk, module, name, before, life, known),
            shown(desk, module, name, after, life, known),
        )
        for name, (before, after) in change.changes.items()
    ]


def shown(
    desk: Desk, module: Module, name: str, text: str, life: RecordLife, known: Modules
) -> Shown:
    """A value of a field that may be none any more."""
    return value_of(desk, field_of(module, name), text, life.names, known) if text else Shown("")


def field_of(module: Module, name: str) -> Field:
    """A field, also one that the registry had once."""
    return module.by_name.get(name) or Field(name, name)


@router.get("/registry/records/{number}/files/{version_number}")
async def download(desk: OwnDesk, number: str, version_number: str) -> Response:
    """A version of a document's file: to be kept, and never looked at in the browser."""
    wanted = row_id(version_number, LARGEST_INT)
    pool = desk.deps.pool
    kept = found(await version(pool, desk.business.id, row_id(number), wanted))
    headers: Mapping[str, str] = {
        "content-length": str(kept.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(kept.name)}",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return StreamingResponse(content(pool, kept), media_type=kept.media_type, headers=headers)
