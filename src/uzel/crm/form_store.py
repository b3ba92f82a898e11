"""Forms of sites in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool


async def by_public_id(pool: Pool, public_id: str) -> Any:
    """A form, with its registry's rules."""
    if "\0" in public_id:
        return None
    return await pool.fetchrow(
        "select f.*, r.strict, r.code_key from crm_form f join crm_registry r using (business_id) "
        "where f.public_id = $1",
        public_id,
    )


async def forms(connection: Connection | Pool, business_id: int) -> list[Any]:
    """All forms of a registry."""
    return await connection.fetch(
        "select * from crm_form where business_id = $1 order by id", business_id
    )


async def add(
    connection: Connection,
    business_id: int,
    public_id: str,
    name: str,
    module: str,
    fields: list[dict[str, Any]],
    files: list[str],
    return_url: str | None,
    owner_id: int,
    made_by: str,
    *,
    replaces: bool,
    confirms: bool,
) -> bool:
    """A new form. False: there is one of this name."""
    done = await connection.execute(
        "insert into crm_form (business_id, public_id, name, module, fields, files, return_url, "
        "replaces, confirms, owner_id, made_by) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
        "on conflict (business_id, name) do nothing",
        business_id,
        public_id,
        name,
        module,
        fields,
        files,
        return_url,
        replaces,
        confirms,
        owner_id,
        made_by,
    )
    return bool(done == "INSERT 0 1")


async def find(connection: Connection | Pool, business_id: int, number: int) -> Any:
    """A form of a registry, with its rules."""
    return await connection.fetchrow(
        "select f.*, r.strict, r.code_key from crm_form f join crm_registry r using (business_id) "
        "where f.business_id = $1 and f.id = $2",
        business_id,
        number,
    )


async def change(
    connection: Connection,
    number: int,
    fields: list[dict[str, Any]],
    files: list[str],
    return_url: str | None,
    *,
    replaces: bool,
    confirms: bool,
) -> None:
    """What a form asks for from now on."""
    await connection.execute(
        "update crm_form set fields = $2, files = $3, return_url = $4, replaces = $5, "
        "confirms = $6 where id = $1",
        number,
        fields,
        files,
        return_url,
        replaces,
        confirms,
    )


async def set_disabled(
    connection: Connection, business_id: int, name: str, *, disabled: bool
) -> bool:
    """Whether a form is taken. False: there is none of this name."""
    done = await connection.execute(
        "update crm_form set disabled_at = case when $3 then clock_timestamp() end "
        "where business_id = $1 and name = $2",
        business_id,
        name,
        disabled,
    )
    return bool(done == "UPDATE 1")
