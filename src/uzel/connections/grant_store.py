"""What OAuth servers granted, in the database."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool


async def load(pool: Pool, connection_id: int) -> Any:
    """(tokens, expires_at, version, redirect_uri, revoked_reason, renewed_at) of a connection, or
    None.
    """
    return await pool.fetchrow(
        "select tokens, expires_at, version, redirect_uri, revoked_reason, renewed_at "
        "from oauth_grant where connection_id = $1",
        connection_id,
    )


async def save(
    connection: Connection | Pool,
    connection_id: int,
    tokens: bytes,
    expires_at: datetime | None,
    redirect_uri: str,
    granted_by: str,
) -> None:
    """A new grant takes the place of the one before."""
    await connection.execute(
        "insert into oauth_grant (connection_id, tokens, expires_at, redirect_uri, granted_by) "
        "values ($1, $2, $3, $4, $5) on conflict (connection_id) do update "
        "set tokens = excluded.tokens, expires_at = excluded.expires_at, "
        "redirect_uri = excluded.redirect_uri, granted_by = excluded.granted_by, "
        "granted_at = now(), renewed_at = null, version = oauth_grant.version + 1, "
        "renewing_until = null, revoked_reason = null",
        connection_id,
        tokens,
        expires_at,
        redirect_uri,
        granted_by,
    )


async def adopt(
    pool: Pool, connection_id: int, tokens: bytes, expires_at: datetime | None, redirect_uri: str
) -> None:
    """Tokens that the settings brought for a start, unless there was ever a grant."""
    await pool.execute(
        "insert into oauth_grant (connection_id, tokens, expires_at, redirect_uri, granted_by) "
        "values ($1, $2, $3, $4, 'settings') on conflict do nothing",
        connection_id,
        tokens,
        expires_at,
        redirect_uri,
    )


async def lease(pool: Pool, connection_id: int, version: int, for_s: float) -> bool:
    """Whether we are the one to renew this version: among all processes, for so long."""
    found = await pool.fetchval(
        "update oauth_grant set renewing_until = clock_timestamp() + make_interval(secs => $3) "
        "where connection_id = $1 and version = $2 and revoked_reason is null "
        "and (renewing_until is null or renewing_until < clock_timestamp()) returning true",
        connection_id,
        version,
        for_s,
    )
    return bool(found)


async def renewed(
    pool: Pool, connection_id: int, version: int, tokens: bytes, expires_at: datetime | None
) -> bool:
    """Keep the pair that took the place of `version`, whatever was said of that one meanwhile.
    False: somebody granted anew.
    """
    found = await pool.fetchval(
        "update oauth_grant set tokens = $3, expires_at = $4, version = version + 1, "
        "renewed_at = now(), renewing_until = null, revoked_reason = null "
        "where connection_id = $1 and version = $2 returning true",
        connection_id,
        version,
        tokens,
        expires_at,
    )
    return bool(found)


async def release(pool: Pool, connection_id: int, version: int) -> None:
    """The renewal did not happen; anybody may try again."""
    await pool.execute(
        "update oauth_grant set renewing_until = null where connection_id = $1 and version = $2",
        connection_id,
        version,
    )


async def revoke(pool: Pool, connection_id: int, version: int, reason: str) -> bool:
    """This grant is worth nothing any more: a person has to connect again. False: there is a newer
    one.
    """
    found = await pool.fetchval(
        "update oauth_grant set revoked_reason = $3, renewing_until = null "
        "where connection_id = $1 and version = $2 returning true",
        connection_id,
        version,
        reason,
    )
    return bool(found)


async def expire(pool: Pool, connection_id: int, version: int) -> None:
    """The access token was refused before its time."""
    await pool.execute(
        "update oauth_grant set expires_at = clock_timestamp() "
        "where connection_id = $1 and version = $2",
        connection_id,
        version,
    )


async def forget(connection: Connection, connection_id: int) -> None:
    """Nobody asks for this grant any more."""
    await connection.execute("delete from oauth_grant where connection_id = $1", connection_id)


async def remember_state(
    pool: Pool, state_hash: bytes, connection_id: int, redirect_uri: str, made_by: str
) -> None:
    """Somebody set out to grant access; those who never came back are forgotten after an hour."""
    await pool.execute("delete from oauth_state where created_at < now() - interval '1 hour'")
    await pool.execute(
        "insert into oauth_state (state_hash, connection_id, redirect_uri, made_by) "
        "values ($1, $2, $3, $4)",
        state_hash,
        connection_id,
        redirect_uri,
        made_by,
    )


async def take_state(pool: Pool, state_hash: bytes) -> Any:
    """(connection_id, redirect_uri, made_by) of who set out with this state, once, or None."""
    return await pool.fetchrow(
        "delete from oauth_state where state_hash = $1 "
        "and created_at > now() - interval '1 hour' "
        "returning connection_id, redirect_uri, made_by",
        state_hash,
    )
