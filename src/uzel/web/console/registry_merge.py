"""Two records of the same somebody: found, looked at side by side, made one."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.crm.catalogue import Modules
from uzel.crm.field import Field, Module
from uzel.crm.merging import MERGEABLE, Outdated, merge, merged_content, referred_by
from uzel.crm.record import Record
from uzel.crm.refusal import Refused
from uzel.views.registry import RecordFilter, list_records, named, references
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, whole
from uzel.web.console.page import go
from uzel.web.console.registry_desk import (
    TAB_OF,
    Shown,
    label,
    living,
    modules,
    name_of,
    path_of,
    show,
    value_of,
    writer_of,
)
from uzel.web.console.registry_edit import STALE, told

MOST_LIKELY = 10
# What two records of the same somebody have in common, the most telling first.
TELLING = (
    *("cf_contacts_inn", "inn", "mobile", "email", "email1", "otherphone", "phone"),
    *("accountname", "projectname"),
)
REFUSED = m("Слить их нельзя: одной из записей уже нет, или они разного рода.")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Side:
    """A field of both records. differs: both know it, and not the same."""

    name: str
    label: str
    kept: Shown
    other: Shown
    remains: Shown
    differs: bool


@router.get("/registry/records/{number}/merge")
async def ask_other(desk: OwnDesk, number: str) -> Response:
    """Which record it is to be merged with: the likely ones, or what a search finds."""
    known = await modules(desk)
    record = await mergeable(desk, known, number)
    text = desk.request.query_params.get("q", "").replace("\0", "").strip()[:200]
    found = await others(desk, known, record, [text] if text else likely(desk, known, record))
    tab = TAB_OF[record.module]
    names = await named(desk.deps.pool, desk.business.id, references(known, found))
    return show(
        desk,
        "registry_merge.html",
        record=record,
        title=name_of(desk, record, known),
        text=text,
        found=found,
        modules=known,
        columns=[(name, label(desk, known[record.module], name)) for name in tab.columns],
        value=lambda it, name: value_of(
            desk, known[it.module].by_name[name], it.content.get(name, ""), names, known
        ),
    )


async def mergeable(desk: Desk, known: Modules, number: str) -> Record:
    """Raises HTTPException 404."""
    record = (await living(desk, known, number)).record
    if record.module not in MERGEABLE:
        raise HTTPException(404)
    return record


def likely(desk: Desk, known: Modules, record: Record) -> list[str]:
    """Texts by which the same somebody would be found."""
    texts = [record.content.get(name, "") for name in TELLING]
    if record.module in ("Contacts", "Leads"):
        names = (record.content.get(name, "") for name in ("lastname", "firstname"))
        texts.append(" ".join(filter(None, names)))
    return [text for text in texts if text]


async def others(desk: Desk, known: Modules, record: Record, texts: Sequence[str]) -> list[Record]:
    """Living records of the same module that some texts find, each once."""
    found: dict[int, Record] = {}
    for text in texts:
        page = await list_records(
            *(desk.deps.pool, desk.business.id, known[record.module]),
            *(RecordFilter(text), None, MOST_LIKELY),
        )
        for it in page.items:
            if it.id != record.id:
                found.setdefault(it.id, it)
    return list(found.values())


@router.get("/registry/records/{number}/merge/{other}")
async def ask_merge(desk: OwnDesk, number: str, other: str) -> Response:
    """Both, and what will remain."""
    return await side_by_side(desk, number, other)


async def side_by_side(desk: Desk, number: str, other: str, said: str = "") -> Response:
    """`said`: why it was not done."""
    known = await modules(desk)
    kept, gone = await mergeable(desk, known, number), await mergeable(desk, known, other)
    if kept.id == gone.id or kept.module != gone.module:
        raise HTTPException(404)
    async with desk.deps.pool.acquire() as connection:
        moved = await referred_by(connection, desk.business.id, known, gone)
    return show(
        desk,
        "registry_merge_sides.html",
        409 if said else 200,
        kept=kept,
        gone=gone,
        kept_name=name_of(desk, kept, known),
        gone_name=name_of(desk, gone, known),
        sides=await sides_of(desk, known, kept, gone),
        documents=moved.pop("Documents", 0),
        records=sum(moved.values()),
        said=said,
    )


async def sides_of(desk: Desk, known: Modules, kept: Record, gone: Record) -> list[Side]:
    """Every field that either of them has."""
    module = known[kept.module]
    remains = merged_content(module, kept, gone)
    names = await named(desk.deps.pool, desk.business.id, references(known, (kept, gone)))

    def shown(field: Field, text: str) -> Shown:
        return value_of(desk, field, text, names, known) if text else Shown("")

    return [
        Side(
            field.name,
            label(desk, module, field.name),
            shown(field, kept.content.get(field.name, "")),
            shown(field, gone.content.get(field.name, "")),
            shown(field, remains.get(field.name, "")),
            differs(kept, gone, field.name),
        )
        for field in module.fields
        if field.name in {**kept.content, **gone.content, **remains}
    ]


def differs(kept: Record, gone: Record, name: str) -> bool:
    """Whether a person has to choose."""
    ours, theirs = kept.content.get(name), gone.content.get(name)
    return bool(ours and theirs) and ours != theirs


def chosen(desk: Desk, module: Module) -> frozenset[str]:
    """The fields whose value is to be the other's."""
    return frozenset(
        field.name for field in module.fields if desk.form.get(f"t_{field.name}") == "other"
    )


@router.post("/registry/records/{number}/merge/{other}")
async def do_merge(desk: OwnDesk, number: str, other: str) -> Response:
    """Make them one."""
    known = await modules(desk)
    kept, gone = await mergeable(desk, known, number), await mergeable(desk, known, other)
    seen = [whole(desk.form.get(name), LARGEST_INT) or 0 for name in ("version", "other_version")]
    taken = chosen(desk, known[kept.module])
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            writer = await writer_of(desk, connection, kept)
            pair = ((kept.id, seen[0]), (gone.id, seen[1]))
            await merge(connection, writer, known, *pair, taken)
            await told(desk, connection, kept, "merge", other=gone.id, taken=sorted(taken))
    except Outdated:
        return await side_by_side(desk, number, other, str(desk.language.text(STALE)))
    except Refused:
        return await side_by_side(desk, number, other, str(desk.language.text(REFUSED)))
    return go(path_of(kept.id), "records_merged")
