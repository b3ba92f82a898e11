"""API tokens as those who hand them out see them; the tokens themselves are stored nowhere."""

from typing import Any

from uzel.kit.database import Connection, Pool


async def tokens(pool: Pool) -> list[Any]:
    """(id, name, scopes, created_at, last_used_at, revoked_at) of all API tokens, oldest first."""
    return await pool.fetch(
        "select id, name, scopes, created_at, last_used_at, revoked_at from api_token order by id"
    )


async def bind(connection: Connection, token_hash: bytes, login: str) -> bool:
    """Have a token speak for a person who may sign in. False: there is none of this name."""
    found = await connection.fetchval(
        "update api_token t set person_id = p.id from person p where t.token_hash = $1 "
        "and lower(p.login) = lower($2) and p.disabled_at is null returning true",
        token_hash,
        login,
    )
    return bool(found)


async def person_of(pool: Pool, token_id: int) -> str | None:
    """The login of whom a token speaks for, in whatever state they are."""
    found: str | None = await pool.fetchval(
        "select lower(p.login) from api_token t join person p on p.id = t.person_id "
        "where t.id = $1",
        token_id,
    )
    return found


async def revoke(pool: Pool, token_id: int) -> str | None:
    """End a living token, from its next use on; gives its name, None if there is none."""
    name: str | None = await pool.fetchval(
        "update api_token set revoked_at = now() where id = $1 and revoked_at is null "
        "returning name",
        token_id,
    )
    return name
