"""Digests of codes in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool


async def keep(connection: Connection, record_id: int, digest: bytes) -> None:
    """The newest code of a record."""
    await connection.execute(
        "insert into crm_code (record_id, digest) values ($1, $2) on conflict (record_id) "
        "do update set digest = $2, given_at = clock_timestamp()",
        record_id,
        digest,
    )


async def people_by_inn(pool: Pool, business_id: int, inn: str) -> list[Any]:
    """(id, digest) of people with an ИНН; digest null where no code was ever given."""
    return await pool.fetch(
        "select r.id, c.digest from crm_record r left join crm_code c on c.record_id = r.id "
        "where r.business_id = $1 and r.inn = $2 and r.module = 'Contacts' "
        "and r.deleted_at is null order by r.id",
        business_id,
        inn,
    )
