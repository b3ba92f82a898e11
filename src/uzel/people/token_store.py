"""API tokens as those who hand them out see them; the tokens themselves are stored nowhere."""

from typing import Any

from uzel.kit.database import Pool


async def tokens(pool: Pool) -> list[Any]:
    """(id, name, scopes, created_at, last_used_at, revoked_at) of all API tokens, oldest first."""
    return await pool.fetch(
        "select id, name, scopes, created_at, last_used_at, revoked_at from api_token order by id"
    )


async def revoke(pool: Pool, token_id: int) -> str | None:
    """End a living token, from its next use on; gives its name, None if there is none."""
    name: str | None = await pool.fetchval(
        "update api_token set revoked_at = now() where id = $1 and revoked_at is null "
        "returning name",
        token_id,
    )
    return name
