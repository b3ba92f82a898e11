"""Records in the database. Whoever writes does so in a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

ALIVE = "select * from crm_record where business_id = $1 and deleted_at is null"


async def find(connection: Connection | Pool, business_id: int, number: int) -> Any:
    """A living record."""
    return await connection.fetchrow(f"{ALIVE} and id = $2", business_id, number)


async def find_many(
    connection: Connection | Pool, business_id: int, numbers: Sequence[int]
) -> list[Any]:
    """Living records, by number."""
    return await connection.fetch(
        f"{ALIVE} and id = any($2::bigint[]) order by id", business_id, list(numbers)
    )


async def lock(connection: Connection, business_id: int, number: int) -> Any:
    """A living record, for nobody else to change meanwhile; to refer to it is no change."""
    return await connection.fetchrow(f"{ALIVE} and id = $2 for no key update", business_id, number)


async def lock_to_end(connection: Connection, business_id: int, number: int) -> Any:
    """A living record that is about to be none: nobody else refers to it meanwhile either."""
    return await connection.fetchrow(f"{ALIVE} and id = $2 for update", business_id, number)


async def person_with(connection: Connection, business_id: int, key: str) -> Any:
    """The person with a phone, for nobody else to change meanwhile."""
    return await connection.fetchrow(
        f"{ALIVE} and module = 'Contacts' and phone = $2 for update", business_id, key
    )


async def company_with(connection: Connection, business_id: int, key: str) -> Any:
    """The company with an ИНН, for nobody else to change meanwhile."""
    return await connection.fetchrow(
        f"{ALIVE} and module = 'Accounts' and inn = $2 for update", business_id, key
    )


async def take_turn(connection: Connection, business_id: int, known_by: str) -> None:
    """Until the transaction ends, nobody else looks for whoever is known by this."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 29))", f"{business_id}:{known_by}"
    )


async def insert(
    connection: Connection,
    business_id: int,
    module: str,
    columns: Mapping[str, Any],
    *,
    user_id: int,
    source: str,
    made_by: str,
) -> Any:
    """A new record; gives its row."""
    return await connection.fetchrow(
        "insert into crm_record (business_id, module, content, folded, phone, inn, doubts, "
        "owner_id, modified_by, source, made_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "$10, $11) returning *",
        business_id,
        module,
        columns["content"],
        columns["folded"],
        columns["phone"],
        columns["inn"],
        columns["doubts"],
        columns["owner_id"],
        user_id,
        source,
        made_by,
    )


async def change(
    connection: Connection, number: int, columns: Mapping[str, Any], *, user_id: int
) -> Any:
    """Write a record's new content; gives its row."""
    return await connection.fetchrow(
        "update crm_record set content = $2, folded = $3, phone = $4, inn = $5, doubts = $6, "
        "owner_id = $7, modified_by = $8, modified_at = clock_timestamp(), version = version + 1 "
        "where id = $1 returning *",
        number,
        columns["content"],
        columns["folded"],
        columns["phone"],
        columns["inn"],
        columns["doubts"],
        columns["owner_id"],
        user_id,
    )


async def delete(connection: Connection, number: int, *, user_id: int) -> Any:
    """It is there no more; what it was is kept."""
    return await connection.fetchrow(
        "update crm_record set deleted_at = clock_timestamp(), modified_at = clock_timestamp(), "
        "modified_by = $2, version = version + 1 where id = $1 returning *",
        number,
        user_id,
    )


async def add_change(
    connection: Connection, row: Any, act: str, made_by: str, changes: Mapping[str, Any]
) -> None:
    """What was done to a record, in its version."""
    await connection.execute(
        "insert into crm_change (record_id, version, act, made_by, changes) "
        "values ($1, $2, $3, $4, $5)",
        row["id"],
        row["version"],
        act,
        made_by,
        changes,
    )


async def modules_of(
    connection: Connection, business_id: int, numbers: Sequence[int]
) -> dict[int, str]:
    """Number → module, of the living ones among them; until the transaction ends they live on."""
    rows = await connection.fetch(
        "select id, module from crm_record where business_id = $1 and deleted_at is null "
        "and id = any($2::bigint[]) order by id for key share",
        business_id,
        list(numbers),
    )
    return {row["id"]: row["module"] for row in rows}


async def writing_since(pool: Pool) -> int | None:
    """The second since 1970 in which the oldest transaction began that has written something and is
    not over yet; None: there is none. What it has written is not to be seen until it is.
    """
    found: int | None = await pool.fetchval(
        "select floor(extract(epoch from min(xact_start)))::bigint from pg_stat_activity "
        "where datname = current_database() and backend_xid is not null"
    )
    return found


WRITTEN = (
    "select * from crm_record where business_id = $1 and module = any($2) and modified_at >= $3"
)


async def changed_since(
    pool: Pool, business_id: int, modules: Sequence[str], since: datetime, most: int
) -> list[Any]:
    """Records written since, the longest ago first, those deleted among them."""
    return await pool.fetch(
        f"{WRITTEN} order by modified_at, id limit $4", business_id, list(modules), since, most
    )


async def changed_between(
    pool: Pool, business_id: int, modules: Sequence[str], since: datetime, before: datetime
) -> list[Any]:
    """The same, up to a moment."""
    return await pool.fetch(
        f"{WRITTEN} and modified_at < $4 order by modified_at, id",
        business_id,
        list(modules),
        since,
        before,
    )


async def same_lately(
    connection: Connection, business_id: int, module: str, content: Mapping[str, str], within_s: int
) -> Any:
    """A living record of just this content that was made within the seconds before now."""
    return await connection.fetchrow(
        f"{ALIVE} and module = $2 and folded @> $4 and content = $3 "
        "and created_at > clock_timestamp() - make_interval(secs => $5) order by id limit 1",
        business_id,
        module,
        content,
        {"linktoaccountscontacts": content["linktoaccountscontacts"].casefold()},
        within_s,
    )
