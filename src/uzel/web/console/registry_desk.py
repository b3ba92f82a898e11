"""The registry as the pages of its room know it: whose it is, its modules, one of its records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from uzel.crm import user_store
from uzel.crm.catalogue import Modules, modules_of
from uzel.crm.field import Field, Kind, Module
from uzel.crm.record import NUMBERED, Record, Writer
from uzel.kit.database import Connection
from uzel.views.registry import RecordLife, record_life
from uzel.web.console import registry_words
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found, row_id
from uzel.web.console.page import render
from uzel.web.console.registry_fields import choice_of, label_of

SOURCE = "UZEL"
NAMELESS = m("без названия")
YES, NO = m("да"), m("нет")


@dataclass(frozen=True, slots=True)
class Tab:
    """A list of the room. columns: fields of the module that it shows beside the name."""

    path: str
    module: str
    title: str
    nothing: str
    columns: tuple[str, ...]


TABS = (
    Tab(
        "", "Contacts", m("Люди"), m("Людей в реестре пока нет."),
        ("mobile", "email", "cf_contacts_inn"),
    ),
    Tab(
        "companies", "Accounts", m("Компании"), m("Компаний в реестре пока нет."),
        ("inn", "phone", "email1"),
    ),
    Tab(
        "projects", "Project", m("Проекты"), m("Проектов в реестре пока нет."),
        ("linktoaccountscontacts", "cf_project_offender", "projectstatus"),
    ),
    Tab(
        "leads", "Leads", m("Лиды"), m("Лидов в реестре пока нет."),
        ("mobile", "email", "company"),
    ),
)  # fmt: skip
TAB_OF = {tab.module: tab for tab in TABS}
NUMBER_FIELD = {
    "Contacts": "contact_no",
    "Accounts": "account_no",
    "Project": "project_no",
    "Leads": "lead_no",
    "Documents": "note_no",
}
DOCUMENTS = m("Документы")
SETTINGS = (
    ("/registry/accounts", m("Доступ")),
    ("/registry/forms", m("Формы")),
    ("/registry/fields", m("Свои поля")),
    ("/registry/mirror", m("amoCRM")),
)


def show(desk: Desk, template: str, status: int = 200, tab: str = "", **values: Any) -> Response:
    """A page of the room."""
    named = registry_words.spoken(desk)
    return render(
        desk,
        template,
        status,
        tab=tab,
        tabs=TABS,
        settings=SETTINGS,
        path_of=path_of,
        name_of=lambda record, modules: name_of(desk, record, modules),
        number_of=number_of,
        **{**named, **values},
    )


def path_of(number: int) -> str:
    """Where a record is."""
    return f"/registry/records/{number}"


def number_of(record: Record) -> str:
    """`CON12`, as people know it from letters and from vtiger."""
    return f"{NUMBERED[NUMBER_FIELD[record.module]]}{record.id}"


def name_of(desk: Desk, record: Record, modules: Modules) -> str:
    """What people call it; of people the last name first."""
    if record.module in ("Contacts", "Leads"):
        names = ("lastname", "firstname", "cf_contacts_secondname")
        said = " ".join(filter(None, (record.content.get(name, "") for name in names)))
    else:
        said = record.label(modules[record.module])
    return said or str(desk.language.text(NAMELESS))


async def modules(desk: Desk) -> Modules:
    """Those of the business's registry."""
    return await modules_of(desk.deps.pool, desk.business.id)


async def the_life(desk: Desk, known: Modules, number: str) -> RecordLife:
    """A record with all about it. Raises HTTPException 404."""
    life = await record_life(desk.deps.pool, desk.business.id, known, row_id(number))
    return found(life)


async def living(desk: Desk, known: Modules, number: str) -> RecordLife:
    """One that is not deleted. Raises HTTPException 404."""
    life = await the_life(desk, known, number)
    return found(None if life.deleted else life)


async def writer_of(desk: Desk, connection: Connection, record: Record) -> Writer:
    """Whoever is signed in, under the account whose the record is."""
    registry = await user_store.registry(connection, desk.business.id)
    return Writer(
        desk.business.id, record.owner_id, desk.person.login, SOURCE, strict=registry["strict"]
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A value for people. path: where what it refers to is."""

    text: str
    path: str | None = None


def value_of(
    desk: Desk, field: Field, text: str, names: Mapping[str, Record], known: Modules
) -> Shown:
    """A value in people's words."""
    if text in names:
        other = names[text]
        return Shown(name_of(desk, other, known), path_of(other.id))
    if field.kind is Kind.BOOLEAN:
        return Shown(str(desk.language.text(YES if text == "1" else NO)))
    if field.kind is Kind.PICKLIST:
        return Shown(str(choice_of(desk.language, text)))
    if field.kind is Kind.DATE and len(text) == 10:
        return Shown(f"{text[8:]}.{text[5:7]}.{text[:4]}")
    return Shown(text)


def label(desk: Desk, module: Module, name: str) -> str:
    """What a field is called."""
    return str(label_of(desk.language, module, name))
