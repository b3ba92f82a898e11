"""Partners and their tokens in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = (
    "id, public_id, name, currency, settings, state, account_id, test_account_id, created_at, "
    "updated_at"
)
LIVING = """
select t.id as token_id, t.scopes, t.is_test, t.last_used_at, p.id, p.public_id, p.name, p.currency,
       p.settings, p.account_id, p.test_account_id
  from partner_token t join partner p on p.id = t.partner_id
 where t.hash = $1 and p.state = 'active' and t.revoked_at is null
   and (t.expires_at is null or t.expires_at > now())
"""


async def add(
    connection: Connection,
    public_id: str,
    name: str,
    currency: str,
    settings: Mapping[str, Any],
    accounts: tuple[int, int],
) -> int:
    """Its number. Raises UniqueViolationError where the name is taken."""
    number: int = await connection.fetchval(
        "insert into partner (public_id, name, currency, settings, account_id, test_account_id) "
        "values ($1, $2, $3, $4, $5, $6) returning id",
        public_id,
        name,
        currency,
        settings,
        *accounts,
    )
    return number


async def every(pool: Pool | Connection) -> list[Any]:
    """All partners, the oldest first."""
    return await pool.fetch(f"select {COLUMNS} from partner order by id")  # noqa: S608


async def find(pool: Pool | Connection, partner_id: int) -> Any:
    """One partner, None where there is none."""
    return await pool.fetchrow(f"select {COLUMNS} from partner where id = $1", partner_id)  # noqa: S608


async def lock(connection: Connection, partner_id: int) -> Any:
    """One partner, locked; None where there is none."""
    return await connection.fetchrow(
        f"select {COLUMNS} from partner where id = $1 for update",  # noqa: S608
        partner_id,
    )


async def named(pool: Pool | Connection, name: str) -> Any:
    """By its number, its public id, or its name in any case; None where there is none."""
    return await pool.fetchrow(
        f"select {COLUMNS} from partner where id::text = $1 or public_id = $1 "  # noqa: S608
        "or lower(name) = lower($1) order by id::text = $1 desc, public_id = $1 desc limit 1",
        name,
    )


async def change(
    connection: Connection, partner_id: int, name: str, settings: Mapping[str, Any], state: str
) -> None:
    """Other settings, another name, switched on or off."""
    await connection.execute(
        "update partner set name = $2, settings = $3, state = $4, updated_at = now() where id = $1",
        partner_id,
        name,
        settings,
        state,
    )


async def add_token(
    connection: Connection,
    partner_id: int,
    name: str,
    hashed: bytes,
    prefix: str,
    scopes: Sequence[str],
    *,
    is_test: bool,
    expires_at: datetime | None,
    created_by: str | None,
) -> int:
    """Its number. Raises UniqueViolationError where the token is known."""
    number: int = await connection.fetchval(
        "insert into partner_token (partner_id, name, hash, prefix, scopes, is_test, expires_at, "
        "created_by) values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        partner_id,
        name,
        hashed,
        prefix,
        scopes,
        is_test,
        expires_at,
        created_by,
    )
    return number


async def find_token(pool: Pool | Connection, hashed: bytes) -> Any:
    """The partner of a living token, and the token's `token_id`, `scopes`, `is_test`."""
    return await pool.fetchrow(LIVING, hashed)


async def note_use(pool: Pool | Connection, token_id: int) -> None:
    """It was used, noted to the minute."""
    await pool.execute(
        "update partner_token set last_used_at = now() where id = $1 "
        "and coalesce(last_used_at, '-infinity') < now() - interval '1 minute'",
        token_id,
    )


async def tokens(pool: Pool | Connection, partner_id: int) -> list[Any]:
    """All of a partner's, the oldest first; without the tokens themselves."""
    return await pool.fetch(
        "select id, name, prefix, scopes, is_test, created_at, created_by, expires_at, revoked_at, "
        "last_used_at from partner_token where partner_id = $1 order by id",
        partner_id,
    )


async def token(pool: Pool | Connection, partner_id: int, token_id: int) -> Any:
    """One of a partner's, as `tokens` gives them; None where there is none."""
    rows = await tokens(pool, partner_id)
    return next((row for row in rows if row["id"] == token_id), None)


async def revoke_token(
    connection: Connection, partner_id: int, token_id: int, at: datetime | None = None
) -> bool:
    """End a token, at once or (`at`) after an overlap. False: it is none of this partner's, or has
    ended.
    """
    return bool(
        await connection.fetchval(
            "update partner_token set revoked_at = case when $3::timestamptz is null then now() "
            "else revoked_at end, expires_at = coalesce($3, expires_at) "
            "where id = $2 and partner_id = $1 and revoked_at is null returning true",
            partner_id,
            token_id,
            at,
        )
    )
