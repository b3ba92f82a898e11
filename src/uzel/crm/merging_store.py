"""Two records that become one, in the database."""

from collections.abc import Mapping
from typing import Any

from uzel.kit.database import Connection

# A whole statement: as many records as refer to the one that goes may be moved in one step, and
# each gets its line of history.
MOVE_REFERENCES = """
with moved as (
    update crm_record
       set content = content || jsonb_build_object($3::text, $5::text),
           folded = folded || jsonb_build_object($3::text, $5::text),
           modified_by = $6, modified_at = clock_timestamp(), version = version + 1
     where business_id = $1 and module = $2 and deleted_at is null
       and folded @> jsonb_build_object($3::text, $4::text)
    returning id, version
)
insert into crm_change (record_id, version, act, made_by, changes)
select id, version, 'changed', $7,
       jsonb_build_object($3::text, jsonb_build_array($4::text, $5::text))
  from moved
"""


async def take_turn(connection: Connection, business_id: int) -> None:
    """Until the transaction ends nobody else merges in this registry: two merges that hold each
    other's records would never end.
    """
    await connection.execute("select pg_advisory_xact_lock(31, $1::int)", business_id)


async def end(connection: Connection, number: int, survivor: int, *, user_id: int) -> Any:
    """It is part of another one from now on; gives its row."""
    return await connection.fetchrow(
        "update crm_record set deleted_at = clock_timestamp(), modified_at = clock_timestamp(), "
        "modified_by = $3, merged_into = $2, version = version + 1 where id = $1 returning *",
        number,
        survivor,
        user_id,
    )


async def move_references(
    connection: Connection,
    business_id: int,
    module: str,
    field: str,
    ids: tuple[str, str],
    *,
    user_id: int,
    made_by: str,
) -> int:
    """Records of a module that refer to the first of `ids` by a field refer to the second now.
    Gives how many.
    """
    done = await connection.execute(
        MOVE_REFERENCES, business_id, module, field, *ids, user_id, made_by
    )
    return int(done.rpartition(" ")[2])


async def move_relations(connection: Connection, number: int, survivor: int) -> None:
    """What stood beside the one stands beside the other."""
    for mine, other in (("left_id", "right_id"), ("right_id", "left_id")):
        await connection.execute(
            f"insert into crm_relation ({mine}, {other}, made_by, created_at) "  # noqa: S608
            f"select $2, {other}, made_by, created_at from crm_relation "
            f"where {mine} = $1 and {other} <> $2 on conflict do nothing",
            number,
            survivor,
        )
    await connection.execute("delete from crm_relation where left_id = $1 or right_id = $1", number)


async def count_references(
    connection: Connection, business_id: int, module: str, field: str, wire_id: str
) -> int:
    """How many living records of a module refer to a record by a field."""
    found: int = await connection.fetchval(
        "select count(*) from crm_record where business_id = $1 and module = $2 "
        "and deleted_at is null and folded @> $3",
        business_id,
        module,
        {field: wire_id},
    )
    return found


async def count_relations(connection: Connection, number: int) -> Mapping[str, int]:
    """Module → how many living records stand beside one."""
    rows = await connection.fetch(
        "select r.module, count(*) as many from crm_relation l join crm_record r "
        "on r.id = l.right_id where l.left_id = $1 and r.deleted_at is null group by r.module",
        number,
    )
    return {row["module"]: row["many"] for row in rows}
