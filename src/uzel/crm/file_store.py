"""Files of documents in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Pool


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
