"""Files of documents: attached, put in the place of another, read.

A file's path is told to programs and stays; what lies there has versions, and none is ever written
over: whoever reads one while it is replaced reads it to its end.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from uzel.crm import file_store as store
from uzel.crm import record_store, writing
from uzel.crm.draft import Draft
from uzel.crm.field import Module
from uzel.crm.file_kind import ENDINGS, NotTaken, kind_of, named
from uzel.crm.record import Record, Writer
from uzel.crm.stock import FOLDERS
from uzel.crm.values import Doubt
from uzel.kit.card_numbers import masked
from uzel.kit.database import Connection, Pool

MOST_BYTES = 52_428_800
PART = 1024 * 1024
MOST_OF_FORMS = 2 * 1024 * 1024 * 1024
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
ROOT = "storage"


@dataclass(frozen=True, slots=True)
class Given:
    """A file as it came: on disk, or in memory where it is small."""

    name: str
    size: int
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of a file."""

    id: int
    document_id: int
    path: str
    version: int
    name: str
    media_type: str
    size: int
    sha256: bytes
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Kept":
        """From a row of `file_store`."""
        return cls(**{name: row[name] for name in cls.__slots__})


def new_path(media_type: str, at: datetime) -> str:
    """Where a file will lie, as vtiger lays them (originals, B2): by year, month and week of the
    month, under a name that nobody guesses.
    """
    week = (at.day - 1) // 7 + 1
    name = f"{secrets.token_hex(16)}.{ENDINGS[media_type]}"
    return f"{ROOT}/{at.year}/{MONTHS[at.month - 1]}/week{week}/{name}"


async def attach(
    connection: Connection,
    writer: Writer,
    module: Module,
    title: str,
    given: Given,
    *,
    beside: int | None = None,
    more: Draft | None = None,
    texts: bool = False,
) -> Record:
    """A document with a file, beside a record; `texts`: plain text may be one. The same file under
    the same title beside the same record is the one that is there: programs send again what was
    not answered. Raises NotTaken.
    """
    media_type, digest = looked_at(given, texts=texts)
    shown, _ = masked(" ".join(title.split())[:200])
    if beside is not None:
        await record_store.take_turn(connection, writer.business_id, f"documents of {beside}")
        same = await store.same(connection, beside, shown, digest)
        if same is not None:
            return Record.of(same)
    content = {
        **(more.content if more else {}),
        "notes_title": shown or "file",
        "filename": named(given.name, media_type),
        "filetype": media_type,
        "filesize": str(given.size),
        "filelocationtype": "I",
        "filestatus": "1",
        "folderid": FOLDERS.wire_id(1),
    }
    doubts: tuple[Doubt, ...] = more.doubts if more else ()
    owner = more.owner_id if more else None
    record = await writing.insert(connection, writer, module, Draft(content, doubts, owner))
    path = new_path(media_type, datetime.now(UTC))
    await store.add_file(connection, writer.business_id, record.id, path)
    await keep(connection, writer, record.id, 1, given, media_type, digest)
    if beside is not None:
        await store.relate(connection, beside, record.id, writer.made_by)
    return record


async def replace(
    connection: Connection, writer: Writer, module: Module, path: str, given: Given
) -> Kept | None:
    """The real file in the place of what lies there; the version before it is kept. The same again
    changes nothing. None: nothing lies there. Raises NotTaken, also for another kind of file.
    """
    row = await store.lock(connection, writer.business_id, path)
    if row is None:
        return None
    before = Kept.of(row)
    if not given.size:
        raise NotTaken("empty")
    # The name is that of the person's file, which came with the first version.
    as_named = Given(before.name, given.size, given.file)
    media_type, digest = looked_at(as_named, texts=True)
    if media_type != before.media_type:
        raise NotTaken("other_type")
    if digest == before.sha256:
        return before
    version = before.version + 1
    await store.raise_version(connection, before.document_id, version)
    await keep(connection, writer, before.document_id, version, as_named, media_type, digest)
    changed = Draft({"filesize": str(given.size)}, given=frozenset({"filesize"}))
    await writing.change(connection, writer, module, before.document_id, changed)
    found = await store.find(connection, writer.business_id, path)
    return Kept.of(found)


async def demand_room(connection: Connection, business_id: int, size: int) -> None:
    """Forms are posted by anybody: a registry keeps so much of theirs a day, and a disk lasts.
    Raises NotTaken.
    """
    if size and await store.of_forms_lately(connection, business_id) + size > MOST_OF_FORMS:
        raise NotTaken("no_room")


def looked_at(given: Given, *, texts: bool) -> tuple[str, bytes]:
    """(media type, digest). Raises NotTaken."""
    if given.size > MOST_BYTES:
        raise NotTaken("too_large")
    media_type = kind_of(given.file, given.size, given.name, texts=texts)
    given.file.seek(0)
    digest = hashlib.sha256()
    while part := given.file.read(PART):
        digest.update(part)
    return media_type, digest.digest()


async def keep(
    connection: Connection,
    writer: Writer,
    document_id: int,
    version: int,
    given: Given,
    media_type: str,
    digest: bytes,
) -> None:
    """Write a version down."""
    version_id = await store.add_version(
        connection,
        document_id,
        version,
        named(given.name, media_type),
        media_type,
        given.size,
        digest,
        writer.made_by,
    )
    given.file.seek(0)
    number = 0
    while part := given.file.read(PART):
        await store.add_part(connection, version_id, number, part)
        number += 1


async def find(pool: Pool, business_id: int, path: str) -> Kept | None:
    """What lies there now, in a registry."""
    row = await store.find(pool, business_id, path)
    return Kept.of(row) if row is not None else None


async def of_document(pool: Pool, business_id: int, document_id: int) -> Kept | None:
    """The newest version of a document's file."""
    row = await store.of_document(pool, business_id, document_id)
    return Kept.of(row) if row is not None else None


async def content(pool: Pool, kept: Kept) -> AsyncIterator[bytes]:
    """A version, a mebibyte at a time."""
    for number in range(-(-kept.size // PART)):
        part = await store.part(pool, kept.id, number)
        if part is None:
            raise LookupError(f"part {number} of version {kept.id} is not there")
        yield part
