"""Records of a registry for people, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views.query_store import Conditions

ROW = "select * from crm_record where business_id = $1"
WORDS = "crm_words(folded) @@ {}::text::tsquery"
DOUBTFUL = "doubts <> '[]'"


def records_query(more: Conditions, limit: int, *, found: bool) -> str:
    """The newest living records of a module that pass `more`. found: it names words or a number, so
    that their index is used; the sum keeps PostgreSQL from going through all of the module in the
    hope of meeting them soon.
    """
    order = "id + 0" if found else "id"
    return (
        f"{ROW} and module = $2 and deleted_at is null and {more.sql(2)} "
        f"order by {order} desc limit {limit}"
    )


async def records(
    pool: Pool, business_id: int, module: str, more: Conditions, limit: int, *, found: bool
) -> list[Any]:
    """See `records_query`."""
    query = records_query(more, limit, found=found)
    return await pool.fetch(query, business_id, module, *more.values)


async def record(pool: Pool, business_id: int, number: int) -> Any:
    """One, be it deleted."""
    return await pool.fetchrow(f"{ROW} and id = $2", business_id, number)


async def records_by_number(pool: Pool, business_id: int, numbers: Sequence[int]) -> list[Any]:
    """Some, be they deleted."""
    return await pool.fetch(f"{ROW} and id = any($2::bigint[])", business_id, list(numbers))


async def changes(pool: Pool, number: int, most: int) -> list[Any]:
    """(version, act, at, made_by, changes) of a record, the newest first."""
    return await pool.fetch(
        "select version, act, at, made_by, changes from crm_change where record_id = $1 "
        "order by version desc limit $2",
        number,
        most,
    )


async def merged_into(pool: Pool, number: int) -> list[Any]:
    """Records that became part of this one."""
    return await pool.fetch(
        "select * from crm_record where merged_into = $1 order by id limit 50", number
    )


async def versions(
    pool: Pool | Connection, business_id: int, documents: Sequence[int]
) -> list[Any]:
    """All versions of the files of some documents, the newest first, as `files.Kept` has them, with
    `made_by`.
    """
    return await pool.fetch(
        "select v.id, v.document_id, f.path, v.version, v.name, v.media_type, v.size, v.sha256, "
        "v.created_at, v.made_by from crm_file f join crm_file_version v using (document_id) "
        "where f.business_id = $1 and v.document_id = any($2::bigint[]) "
        "order by v.document_id, v.version desc",
        business_id,
        list(documents),
    )


async def beside_document(pool: Pool, business_id: int, number: int, most: int) -> list[Any]:
    """Living records that a document stands beside."""
    return await pool.fetch(
        "select r.* from crm_relation l join crm_record r on r.id = l.left_id "
        "where r.business_id = $1 and r.deleted_at is null and l.right_id = $2 "
        "order by r.id limit $3",
        business_id,
        number,
        most,
    )


async def counts(pool: Pool, business_id: int) -> dict[str, int]:
    """Module → how many records are in doubt."""
    rows = await pool.fetch(
        "select module, count(*) as many from crm_record where business_id = $1 "
        "and deleted_at is null and doubts <> '[]' group by module",
        business_id,
    )
    return {row["module"]: row["many"] for row in rows}
