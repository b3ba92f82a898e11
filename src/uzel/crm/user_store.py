"""Registries, their accounts, sessions and own fields in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool


async def registry(connection: Connection | Pool, business_id: int) -> Any:
    """(business_id, strict, code_key) of a business's registry."""
    return await connection.fetchrow(
        "select business_id, strict, code_key from crm_registry where business_id = $1", business_id
    )


async def add_registry(connection: Connection, business_id: int, code_key: bytes) -> None:
    """A registry for a business, unless it has one."""
    await connection.execute(
        "insert into crm_registry (business_id, code_key) values ($1, $2) on conflict do nothing",
        business_id,
        code_key,
    )


async def set_strict(connection: Connection, business_id: int, *, strict: bool) -> bool:
    """Whether doubts are refused. False: there is no such registry."""
    done = await connection.execute(
        "update crm_registry set strict = $2 where business_id = $1", business_id, strict
    )
    return bool(done == "UPDATE 1")


async def next_user(connection: Connection) -> int:
    """The number of a user to be: its key is sealed for it."""
    found: int = await connection.fetchval(
        "select nextval(pg_get_serial_sequence('crm_user', 'id'))"
    )
    return found


async def add_user(
    connection: Connection,
    number: int,
    business_id: int,
    login: str,
    last_name: str,
    access_key: bytes,
    *,
    is_admin: bool,
) -> bool:
    """A new account. False: the login is taken."""
    done = await connection.execute(
        "insert into crm_user (id, business_id, login, last_name, access_key, is_admin) "
        "overriding system value values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        number,
        business_id,
        login,
        last_name,
        access_key,
        is_admin,
    )
    return bool(done == "INSERT 0 1")


async def set_key(connection: Connection, number: int, access_key: bytes) -> None:
    """Another access key; whoever signed in with the old one has to do so again."""
    await connection.execute(
        "update crm_user set access_key = $2, updated_at = clock_timestamp() where id = $1",
        number,
        access_key,
    )
    await connection.execute("delete from crm_session where user_id = $1", number)


async def set_disabled(connection: Connection, number: int, *, disabled: bool) -> None:
    """Whether an account may sign in; its sessions end."""
    await connection.execute(
        "update crm_user set disabled_at = case when $2 then clock_timestamp() end, "
        "updated_at = clock_timestamp() where id = $1",
        number,
        disabled,
    )
    if disabled:
        await connection.execute("delete from crm_session where user_id = $1", number)


async def user_by_login(connection: Connection | Pool, login: str) -> Any:
    """An account, with whatever it has."""
    return await connection.fetchrow("select * from crm_user where lower(login) = lower($1)", login)


async def users(connection: Connection | Pool, business_id: int) -> list[Any]:
    """All accounts of a registry."""
    return await connection.fetch(
        "select * from crm_user where business_id = $1 order by id", business_id
    )


async def is_user(connection: Connection | Pool, business_id: int, number: int | None) -> bool:
    """Whether records can be given to this account."""
    return bool(
        await connection.fetchval(
            "select exists (select from crm_user where business_id = $1 and id = $2 "
            "and disabled_at is null)",
            business_id,
            number,
        )
    )


async def fields(connection: Connection | Pool, business_id: int) -> list[Any]:
    """The fields that a registry has beside the usual ones, in the order of their making."""
    return await connection.fetch(
        "select module, name, label, kind, choices, mandatory from crm_field "
        "where business_id = $1 order by created_at, name",
        business_id,
    )


async def add_field(
    connection: Connection,
    business_id: int,
    module: str,
    name: str,
    label: str,
    kind: str,
    choices: list[str],
    *,
    made_by: str,
) -> bool:
    """One more field. False: there is one of this name."""
    done = await connection.execute(
        "insert into crm_field (business_id, module, name, label, kind, choices, made_by) "
        "values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        business_id,
        module,
        name,
        label,
        kind,
        choices,
        made_by,
    )
    return bool(done == "INSERT 0 1")
