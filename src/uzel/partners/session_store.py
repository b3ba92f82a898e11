"""Sessions of the cabinet in the database."""

from datetime import timedelta
from typing import Any

from uzel.kit.database import Pool

FIND = """
select s.csrf, s.created_at, t.id as token_id, t.name as token_name, t.scopes, t.is_test, p.id,
       p.public_id, p.name, p.currency, p.settings, p.account_id, p.test_account_id
  from partner_session s
  join partner_token t on t.id = s.partner_token_id
  join partner p on p.id = t.partner_id
 where s.token_hash = $1 and s.seen_at > now() - $2::interval
   and s.created_at > now() - $3::interval
   and p.state = 'active' and t.revoked_at is null
   and (t.expires_at is null or t.expires_at > now())
"""


async def add(
    pool: Pool, hashed: bytes, token_id: int, csrf: str, idle: timedelta, longest: timedelta
) -> None:
    """A new session; those that have ended go."""
    await pool.execute(
        "delete from partner_session where seen_at < now() - $1::interval "
        "or created_at < now() - $2::interval",
        idle,
        longest,
    )
    await pool.execute(
        "insert into partner_session (token_hash, partner_token_id, csrf) values ($1, $2, $3)",
        hashed,
        token_id,
        csrf,
    )


async def find(pool: Pool, hashed: bytes, idle: timedelta, longest: timedelta) -> Any:
    """A living session with its partner and token (see access.caller_of), `csrf`, `token_name`."""
    return await pool.fetchrow(FIND, hashed, idle, longest)


async def note_seen(pool: Pool, hashed: bytes) -> None:
    """It is used, noted to the minute."""
    await pool.execute(
        "update partner_session set seen_at = now() where token_hash = $1 "
        "and seen_at < now() - interval '1 minute'",
        hashed,
    )


async def end(pool: Pool, hashed: bytes) -> None:
    """Sign out."""
    await pool.execute("delete from partner_session where token_hash = $1", hashed)
