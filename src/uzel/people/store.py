"""People, sessions, tokens and the audit in the database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool


async def save_person(connection: Connection, login: str, hashed: str, role: str) -> None:
    """Add or replace; sessions opened with the old password end."""
    person = await connection.fetchval(
        "insert into person (login, password_hash, role) values ($1, $2, $3) on conflict (login) "
        "do update set password_hash = $2, role = $3, disabled_at = null returning id",
        login,
        hashed,
        role,
    )
    await connection.execute("delete from session where person_id = $1", person)


async def any_person(connection: Connection | Pool) -> bool:
    """Whether anybody can sign in."""
    return bool(await connection.fetchval("select exists (select 1 from person)"))


async def find_person(pool: Pool, login: str) -> Any:
    """(id, password_hash) of a person who may sign in."""
    return await pool.fetchrow(
        "select id, password_hash from person where login = $1 and disabled_at is null", login
    )


async def failures(
    pool: Pool, buckets: Sequence[str], free: int, longest_s: int
) -> tuple[int, int]:
    """(failures so far, seconds still to wait), the worst of the buckets; forgotten after a day."""
    row = await pool.fetchrow(
        "select coalesce(max(failures), 0) as failures, coalesce(max(ceil(case when failures >= $2 "
        "then least($3::int, 2 ^ least(failures - $2, 12)) "
        "- extract(epoch from now() - last_at) else 0 end)), 0)::int as wait_s "
        "from sign_in_failure where bucket = any($1) and last_at > now() - interval '1 day'",
        list(buckets),
        free,
        longest_s,
    )
    assert row is not None
    return row["failures"], row["wait_s"]


async def note_failure(pool: Pool, buckets: Sequence[str]) -> None:
    """Count a failed attempt."""
    await pool.execute(
        "insert into sign_in_failure (bucket, failures, last_at) "
        "select b, 1, now() from unnest($1::text[]) as b order by b "
        "on conflict (bucket) do update set last_at = now(), failures = "
        "case when sign_in_failure.last_at < now() - interval '1 day' then 1 "
        "else sign_in_failure.failures + 1 end",
        list(buckets),
    )


async def forget_failures(pool: Pool, buckets: Sequence[str]) -> None:
    """After a success."""
    await pool.execute("delete from sign_in_failure where bucket = any($1)", list(buckets))


async def add_session(
    pool: Pool, token_hash: bytes, person_id: int, csrf: str, lasts: timedelta
) -> None:
    """A new session; expired ones go."""
    await pool.execute("delete from session where expires_at < now()")
    await pool.execute(
        "insert into session (token_hash, person_id, csrf, expires_at) "
        "values ($1, $2, $3, now() + $4)",
        token_hash,
        person_id,
        csrf,
        lasts,
    )


async def find_session(pool: Pool, token_hash: bytes) -> Any:
    """(person_id, login, role, csrf) of a living session."""
    return await pool.fetchrow(
        "select s.person_id, p.login, p.role, s.csrf from session s join person p "
        "on p.id = s.person_id where s.token_hash = $1 and s.expires_at > now() "
        "and p.disabled_at is null",
        token_hash,
    )


async def end_session(pool: Pool, token_hash: bytes) -> None:
    """Sign out."""
    await pool.execute("delete from session where token_hash = $1", token_hash)


async def add_token(
    connection: Connection, name: str, token_hash: bytes, scopes: Sequence[str]
) -> None:
    """A new API token."""
    await connection.execute(
        "insert into api_token (name, token_hash, scopes) values ($1, $2, $3)",
        name,
        token_hash,
        list(scopes),
    )


async def find_token(pool: Pool, token_hash: bytes) -> Any:
    """(id, name, scopes) of a living token; notes its use, once a minute at most."""
    return await pool.fetchrow(
        "with used as (update api_token set last_used_at = now() where token_hash = $1 "
        "and revoked_at is null and coalesce(last_used_at, '-infinity') < now() "
        "- interval '1 minute') "
        "select id, name, scopes from api_token where token_hash = $1 and revoked_at is null",
        token_hash,
    )


async def note(
    connection: Connection | Pool, actor: str, action: str, subject: str | None, detail: Any
) -> None:
    """Write down what somebody did."""
    await connection.execute(
        "insert into audit (actor, action, subject, detail) values ($1, $2, $3, $4)",
        actor,
        action,
        subject,
        detail,
    )
