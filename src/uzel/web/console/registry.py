"""The registry's lists: people, companies, projects, leads; and the same as files."""

from collections.abc import Sequence

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.crm.field import Module
from uzel.crm.record import Record
from uzel.views import registry_store
from uzel.views.registry import RecordFilter, list_records, named, references
from uzel.web.console import registry_words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.language import mark as m
from uzel.web.console.listing import PER_PAGE, Asked, asked, listing
from uzel.web.console.registry_desk import (
    TABS,
    Tab,
    label,
    modules,
    number_of,
    show,
    value_of,
)

FIELDS = ("q", "doubts")
NUMBER = m("номер")
ENDS = (m("Замечания"), m("Создана"), m("Изменена"))
OWN_NAMES = {tab.path: tab for tab in TABS}

router = APIRouter(include_in_schema=False)


def narrowed(wanted: Asked) -> RecordFilter:
    """The filter of the views."""
    return RecordFilter(wanted.get("q"), "doubts" in wanted.values, wanted.since, wanted.until)


@router.get("/registry")
async def show_people(desk: OwnDesk) -> Response:
    """The first list."""
    return await list_page(desk, TABS[0])


@router.get("/registry.csv")
async def download_people(desk: OwnDesk) -> Response:
    """The same as a file."""
    return await file_of(desk, TABS[0])


@router.get("/registry/{name}.csv")
async def download(desk: OwnDesk, name: str) -> Response:
    """Another list as a file."""
    return await file_of(desk, the_tab(name))


@router.get("/registry/{name}")
async def show_list(desk: OwnDesk, name: str) -> Response:
    """Another list."""
    return await list_page(desk, the_tab(name))


def the_tab(name: str) -> Tab:
    """Raises HTTPException 404."""
    if name not in OWN_NAMES:
        raise HTTPException(404)
    return OWN_NAMES[name]


async def list_page(desk: Desk, tab: Tab) -> Response:
    """Newest first."""
    wanted, pool, known = asked(desk, FIELDS), desk.deps.pool, await modules(desk)
    module, business = known[tab.module], desk.business.id
    page = await list_records(pool, business, module, narrowed(wanted), wanted.before, PER_PAGE)
    names = await named(pool, business, references(known, page.items))
    return show(
        desk,
        "registry.html",
        tab=tab.path,
        here=tab,
        path="/registry" + (f"/{tab.path}" if tab.path else ""),
        wanted=wanted,
        listing=listing(page, wanted),
        modules=known,
        columns=[(name, label(desk, module, name)) for name in tab.columns],
        value=lambda record, name: value_of(
            desk, module.by_name[name], record.content.get(name, ""), names, known
        ),
        doubtful=await registry_store.counts(pool, business),
    )


async def file_of(desk: Desk, tab: Tab) -> Response:
    """All fields of all records that the filter finds, in the order of the record's page."""
    pool, known, chosen = desk.deps.pool, await modules(desk), narrowed(asked(desk, FIELDS))
    module, business = known[tab.module], desk.business.id
    names = [it.name for it in module.fields if not it.system]
    head = (
        desk.language.text(NUMBER),
        *(label(desk, module, name) for name in names),
        *map(desk.language.text, ENDS),
    )
    return export(
        f"registry-{tab.path or 'people'}",
        desk.zone,
        [str(one) for one in head],
        lambda before, limit: list_records(pool, business, module, chosen, before, limit),
        lambda record: cells(desk, module, names, record),
    )


def cells(desk: Desk, module: Module, names: Sequence[str], record: Record) -> Sequence[Cell]:
    """A row of the file: what is kept, as it is kept."""
    doubts = ", ".join(
        f"{label(desk, module, it['field'])}: {registry_words.doubt(desk.language, it['code'])}"
        for it in record.doubts
    )
    kept: list[Cell] = [record.kept_text(module.by_name[name]) for name in names]
    return (number_of(record), *kept, doubts, record.created_at, record.modified_at)
