"""The registry as people look at it: lists, and one record with all that stands beside it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.crm import relation_store
from uzel.crm.catalogue import Modules
from uzel.crm.field import Kind, Module
from uzel.crm.files import Kept
from uzel.crm.record import Record, is_number
from uzel.crm.related import relations_of
from uzel.crm.stock import STOCK
from uzel.kit.database import Pool
from uzel.views import registry_store as store
from uzel.views.query_store import SLACK, Conditions, id_at, sane
from uzel.views.registry_words import wanted_by
from uzel.views.rows import Page

MOST_BESIDE, MOST_CHANGES = 100, 300
PREFIX_OF = {module.name: module.prefix for module in STOCK if module.is_kept}
MODULE_OF = {prefix: name for name, prefix in PREFIX_OF.items()}


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """text: see `wanted_by`; `since` and `until` mean when a record was made."""

    text: str | None = None
    doubtful: bool = False
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a record's history. changes: field → (before, after)."""

    version: int
    act: str
    at: datetime
    made_by: str
    changes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a document's file."""

    kept: Kept
    made_by: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document beside a record; `versions` the newest first."""

    record: Record
    versions: Sequence[Version]


@dataclass(frozen=True, slots=True)
class Beside:
    """Records of one module that stand beside a record; `label` is that of the relation."""

    module: str
    label: str
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class RecordLife:
    """All about one. deleted: when; merged_into: what it is part of since; parts: what became part
    of it; names: id on the wire → the record that a field refers to.
    """

    record: Record
    deleted: datetime | None
    merged_into: int | None
    parts: Sequence[Record]
    names: Mapping[str, Record]
    beside: Sequence[Beside]
    documents: Sequence[Document]
    changes: Sequence[Change]


async def list_records(
    pool: Pool,
    business_id: int,
    module: Module,
    wanted: RecordFilter,
    before: int | None,
    limit: int,
) -> Page[Record]:
    """The newest first, those below an id."""
    more = await conditions(pool, wanted, before)
    rows = await store.records(
        pool, business_id, module.name, more, limit + 1, found=bool(wanted.text)
    )
    items = tuple(map(Record.of, rows[:limit]))
    return Page(items, items[-1].id if len(rows) > limit else None)


async def conditions(pool: Pool, wanted: RecordFilter, before: int | None) -> Conditions:
    """The filter in SQL."""
    more = Conditions()
    if wanted.text:
        asked = wanted_by(wanted.text)
        more.add(f"id = {{}} or {store.WORDS}", asked.number or 0, asked.words)
    if wanted.doubtful:
        more.add(store.DOUBTFUL)
    if wanted.since is not None:
        at = sane(wanted.since)
        low = await id_at(pool, "crm_record", "created_at", at - SLACK) or 0
        more.add("id >= {} and created_at >= {}", low, at)
    if wanted.until is not None:
        more.add("created_at < {}", sane(wanted.until))
    if before is not None:
        more.add("id < {}", before)
    return more


def references(modules: Modules, records: Iterable[Record]) -> Iterator[str]:
    """Ids on the wire that some records refer to."""
    for record in records:
        for field in modules[record.module].fields:
            if field.kind is Kind.REFERENCE and not field.system and field.name in record.content:
                yield record.content[field.name]


async def named(pool: Pool, business_id: int, texts: Iterable[str]) -> dict[str, Record]:
    """Id on the wire → the record, of those that are ids of records."""
    meant: dict[int, str] = {}
    for text in texts:
        prefix, _, number = text.partition("x")
        if is_number(prefix) and is_number(number) and int(prefix) in MODULE_OF:
            meant[int(number)] = text
    rows = await store.records_by_number(pool, business_id, list(meant)) if meant else []
    found = {meant[row["id"]]: Record.of(row) for row in rows}
    return {text: it for text, it in found.items() if text.startswith(f"{PREFIX_OF[it.module]}x")}


async def record_life(
    pool: Pool, business_id: int, modules: Modules, number: int
) -> RecordLife | None:
    """All about one; None: there is none in this registry."""
    row = await store.record(pool, business_id, number)
    if row is None or row["module"] not in modules:
        return None
    record = Record.of(row)
    beside = await beside_of(pool, business_id, modules[record.module], record)
    documents = [it for one in beside if one.module == "Documents" for it in one.records]
    if record.module == "Documents":
        documents = [record]
    rest = [one for one in beside if one.module != "Documents" and one.records]
    changes = [Change(**dict(it)) for it in await store.changes(pool, number, MOST_CHANGES)]
    shown = (record, *(it for one in rest for it in one.records))
    texts = (text for it in changes for both in it.changes.values() for text in both)
    return RecordLife(
        record,
        row["deleted_at"],
        row["merged_into"],
        [Record.of(part) for part in await store.merged_into(pool, number)],
        await named(pool, business_id, (*references(modules, shown), *texts)),
        rest,
        await documents_of(pool, business_id, documents),
        changes,
    )


async def beside_of(pool: Pool, business_id: int, module: Module, record: Record) -> list[Beside]:
    """What refers to it, and what it is bound to by a relation."""
    found = []
    for one in relations_of(module.name):
        rows = await relation_store.beside(
            *(pool, business_id, one.module, one.field),
            *(module.wire_id(record.id), record.id, MOST_BESIDE),
        )
        found.append(Beside(one.module, one.label, [Record.of(row) for row in rows]))
    if module.name == "Documents":
        rows = await store.beside_document(pool, business_id, record.id, MOST_BESIDE)
        for name in dict.fromkeys(row["module"] for row in rows):
            records = [Record.of(row) for row in rows if row["module"] == name]
            found.append(Beside(name, name, records))
    return found


async def documents_of(pool: Pool, business_id: int, records: Sequence[Record]) -> list[Document]:
    """Documents with the versions of their files."""
    rows = await store.versions(pool, business_id, [it.id for it in records])
    found: dict[int, list[Version]] = {}
    for row in rows:
        found.setdefault(row["document_id"], []).append(version_of(row))
    return [Document(it, found.get(it.id, [])) for it in records]


def version_of(row: Any) -> Version:
    """From a row of `registry_store.versions`."""
    return Version(Kept.of(row), row["made_by"])


async def version(pool: Pool, business_id: int, document_id: int, number: int) -> Kept | None:
    """One version of a living document's file."""
    row = await store.record(pool, business_id, document_id)
    if row is None or row["deleted_at"] is not None:
        return None
    for one in await store.versions(pool, business_id, [document_id]):
        if one["version"] == number:
            return Kept.of(one)
    return None
