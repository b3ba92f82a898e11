"""Who is who in a messenger, in the database."""

from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool


async def find_person(connection: Connection | Pool, login: str) -> int | None:
    """The number of somebody who may sign in."""
    found: int | None = await connection.fetchval(
        "select id from person where login = $1 and disabled_at is null", login
    )
    return found


async def add_code(
    connection: Connection, code_hash: bytes, person_id: int, lasts: timedelta
) -> None:
    """The one code of a person; what is older goes."""
    await connection.execute(
        "delete from person_link_code where person_id = $1 or expires_at < now()", person_id
    )
    await connection.execute(
        "insert into person_link_code (code_hash, person_id, expires_at) "
        "values ($1, $2, now() + $3)",
        code_hash,
        person_id,
        lasts,
    )


async def use_code(connection: Connection, code_hash: bytes) -> Any:
    """(person_id, login) behind a code that is good, which it is no longer then; None."""
    return await connection.fetchrow(
        "with used as (delete from person_link_code where code_hash = $1 "
        "returning person_id, expires_at) "
        "select p.id as person_id, p.login from used u join person p on p.id = u.person_id "
        "where u.expires_at > now() and p.disabled_at is null",
        code_hash,
    )


async def person_in(connection: Connection | Pool, user_id: int) -> Any:
    """(person_id, login, role) of who is linked with this account, through whichever bot; None."""
    return await connection.fetchrow(
        "select p.id as person_id, p.login, p.role from person_chat c "
        "join person p on p.id = c.person_id "
        "where c.user_id = $1 and p.disabled_at is null order by c.linked_at limit 1",
        user_id,
    )


async def linked_as(connection: Connection | Pool, user_id: int) -> int | None:
    """Whom an account of the messenger stands for, through whichever bot, disabled or not."""
    found: int | None = await connection.fetchval(
        "select person_id from person_chat where user_id = $1 order by linked_at limit 1", user_id
    )
    return found


async def link(connection: Connection, person_id: int, connection_id: int, user_id: int) -> None:
    """Another account of theirs before is theirs no longer."""
    await connection.execute(
        "insert into person_chat (person_id, connection_id, user_id) values ($1, $2, $3) "
        "on conflict (person_id) do update set connection_id = excluded.connection_id, "
        "user_id = excluded.user_id, linked_at = clock_timestamp()",
        person_id,
        connection_id,
        user_id,
    )


async def unlink(connection: Connection, person_id: int) -> bool:
    """False: nothing was linked."""
    found = await connection.fetchval(
        "delete from person_chat where person_id = $1 returning true", person_id
    )
    return bool(found)
