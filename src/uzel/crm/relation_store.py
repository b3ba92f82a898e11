"""Records beside others in the database."""

from typing import Any

from uzel.kit.database import Pool

ALIVE = (
    "select r.* from crm_record r where r.business_id = $1 and r.module = $2 "
    "and r.deleted_at is null"
)


async def beside(
    pool: Pool,
    business_id: int,
    module: str,
    field: str | None,
    wire_id: str,
    number: int,
    most: int,
) -> list[Any]:
    """Living records of a module that refer to a record by a field, or stand beside it by a row of
    their own.
    """
    if field is not None:
        return await pool.fetch(
            f"{ALIVE} and r.folded @> $3 order by r.id limit $4",
            business_id,
            module,
            {field: wire_id},
            most,
        )
    return await pool.fetch(
        "select r.* from crm_relation l join crm_record r on r.id = l.right_id "
        "where r.business_id = $1 and r.module = $2 and r.deleted_at is null "
        "and l.left_id = $3 order by r.id limit $4",
        business_id,
        module,
        number,
        most,
    )
