"""Files of documents in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

NEWEST = (
    "select v.id, v.document_id, f.path, v.version, v.name, v.media_type, v.size, v.sha256, "
    "v.created_at from crm_file f join crm_file_version v using (document_id, version) "
    "join crm_record d on d.id = f.document_id "
    "where f.business_id = $1 and d.deleted_at is null"
)


async def files_of(pool: Pool, business_id: int, records: Sequence[int]) -> list[Any]:
    """(id, title, path) of the documents of some records that have a file, in their order."""
    return await pool.fetch(
        "select distinct d.id, d.content ->> 'notes_title' as title, f.path "
        "from crm_relation l join crm_record d on d.id = l.right_id "
        "join crm_file f on f.document_id = d.id "
        "where l.left_id = any($2::bigint[]) and d.business_id = $1 and d.module = 'Documents' "
        "and d.deleted_at is null order by d.id",
        business_id,
        list(records),
    )


async def find(connection: Connection | Pool, business_id: int, path: str) -> Any:
    """The newest version of what lies there."""
    return await connection.fetchrow(f"{NEWEST} and f.path = $2", business_id, path)


async def lock(connection: Connection, business_id: int, path: str) -> Any:
    """The same, for nobody else to replace meanwhile."""
    found = await connection.fetchval(
        "select document_id from crm_file where business_id = $1 and path = $2 for update",
        business_id,
        path,
    )
    return None if found is None else await find(connection, business_id, path)


async def of_document(pool: Pool, business_id: int, document_id: int) -> Any:
    """The newest version of a document's file."""
    return await pool.fetchrow(f"{NEWEST} and f.document_id = $2", business_id, document_id)


async def same(connection: Connection, beside: int, title: str, sha256: bytes) -> Any:
    """A living document beside a record, of this title, whose first file was this one."""
    return await connection.fetchrow(
        "select d.* from crm_relation l join crm_record d on d.id = l.right_id "
        "join crm_file_version v on v.document_id = d.id and v.version = 1 "
        "where l.left_id = $1 and d.deleted_at is null and d.content ->> 'notes_title' = $2 "
        "and v.sha256 = $3 order by d.id limit 1",
        beside,
        title,
        sha256,
    )


async def of_forms_lately(connection: Connection, business_id: int) -> int:
    """Bytes of files that came by forms in the last day."""
    found: int = await connection.fetchval(
        "select coalesce(sum(v.size), 0)::bigint from crm_file_version v "
        "join crm_file f using (document_id) where f.business_id = $1 "
        "and v.made_by like 'form:%' and v.created_at > clock_timestamp() - interval '1 day'",
        business_id,
    )
    return found


async def add_file(connection: Connection, business_id: int, document_id: int, path: str) -> None:
    """A place for a document's file."""
    await connection.execute(
        "insert into crm_file (document_id, business_id, path) values ($1, $2, $3)",
        document_id,
        business_id,
        path,
    )


async def raise_version(connection: Connection, document_id: int, version: int) -> None:
    """Which version is the newest."""
    await connection.execute(
        "update crm_file set version = $2 where document_id = $1", document_id, version
    )


async def add_version(
    connection: Connection,
    document_id: int,
    version: int,
    name: str,
    media_type: str,
    size: int,
    sha256: bytes,
    made_by: str,
) -> int:
    """One version, without its content yet."""
    found: int = await connection.fetchval(
        "insert into crm_file_version (document_id, version, name, media_type, size, sha256, "
        "made_by) values ($1, $2, $3, $4, $5, $6, $7) returning id",
        document_id,
        version,
        name,
        media_type,
        size,
        sha256,
        made_by,
    )
    return found


async def add_part(connection: Connection, version_id: int, number: int, body: bytes) -> None:
    """The next mebibyte."""
    await connection.execute(
        "insert into crm_file_part (version_id, number, body) values ($1, $2, $3)",
        version_id,
        number,
        body,
    )


async def part(pool: Pool, version_id: int, number: int) -> bytes | None:
    """A mebibyte."""
    found: bytes | None = await pool.fetchval(
        "select body from crm_file_part where version_id = $1 and number = $2", version_id, number
    )
    return found


async def relate(connection: Connection, left: int, right: int, made_by: str) -> None:
    """The one stands beside the other from now on."""
    await connection.execute(
        "insert into crm_relation (left_id, right_id, made_by) values ($1, $2, $3) "
        "on conflict do nothing",
        left,
        right,
        made_by,
    )
