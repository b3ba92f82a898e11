"""People, sessions, tokens and the audit in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool


async def save_person(connection: Connection, login: str, hashed: str, role: str) -> None:
    """Add or replace; sessions opened with the old password end, and so does the wait that guesses
    of it have brought.
    """
    person = await connection.fetchval(
        "insert into person (login, password_hash, role) values ($1, $2, $3) on conflict (login) "
        "do update set password_hash = $2, role = $3, disabled_at = null returning id",
        login,
        hashed,
        role,
    )
    await connection.execute("delete from session where person_id = $1", person)
    await connection.execute("delete from sign_in_failure where bucket = $1", f"login:{login}")


async def any_person(connection: Connection | Pool) -> bool:
    """Whether anybody can sign in."""
    return bool(await connection.fetchval("select exists (select 1 from person)"))


async def find_person(pool: Pool, login: str) -> Any:
    """(id, password_hash) of a person who may sign in."""
    return await pool.fetchrow(
        "select id, password_hash from person where login = $1 and disabled_at is null", login
    )


# A bucket takes another attempt, or is left alone because it has to wait. The rows are locked in
# one order, and who waits for one sees what the one before him made of it.
TAKE_ATTEMPT = """
with given as (select * from unnest($1::text[], $2::int[]) as g(bucket, free))
insert into sign_in_failure as f (bucket, failures, last_at)
select bucket, 1, clock_timestamp() from given order by bucket
on conflict (bucket) do update
   set last_at = clock_timestamp(),
       failures = case when f.last_at < now() - interval '1 day' then 1 else f.failures + 1 end
 where f.last_at < now() - interval '1 day'
    or f.failures < (select free from given g where g.bucket = f.bucket)
    or f.last_at + make_interval(secs => least($3, 2 ^ least(12, f.failures - (
           select free from given g where g.bucket = f.bucket)))) <= clock_timestamp()
returning bucket
"""


class MustWait(Exception):
    """Undoes what was counted in the buckets that need not wait."""


WAIT = """
select greatest(1, max(ceil(extract(epoch from last_at - clock_timestamp())
       + least($3, 2 ^ least(failures - free, 12)))))::int
  from sign_in_failure join unnest($1::text[], $2::int[]) as g(bucket, free) using (bucket)
 where failures >= free
"""


async def take_attempt(pool: Pool, buckets: Mapping[str, int], longest_s: int) -> int:
    """Count an attempt in all buckets and return 0; or, if one of them has to wait (from so many
    failures on, longer each time, forgotten after a day), count nothing and return the seconds.
    """
    limits = (list(buckets), list(buckets.values()), float(longest_s))
    try:
        async with pool.acquire() as connection, connection.transaction():
            if len(await connection.fetch(TAKE_ATTEMPT, *limits)) < len(buckets):
                raise MustWait
    except MustWait:
        wait_s: int | None = await pool.fetchval(WAIT, *limits)
        return wait_s or 1
    return 0


async def take_attempts(pool: Pool, buckets: Mapping[str, int], longest_s: int) -> set[str]:
    """Count an attempt in each bucket that need not wait, and give those."""
    limits = (list(buckets), list(buckets.values()), float(longest_s))
    return {row["bucket"] for row in await pool.fetch(TAKE_ATTEMPT, *limits)}


async def give_back_attempt(pool: Pool, buckets: Iterable[str]) -> None:
    """It was no failure after all."""
    await pool.execute(
        "update sign_in_failure set failures = failures - 1 where bucket = any($1)",
        list(buckets),
    )


async def forget_failures(pool: Pool, buckets: Iterable[str]) -> None:
    """After a success. What counts no longer goes too: every login somebody made up is a row."""
    await pool.execute(
        "delete from sign_in_failure where bucket = any($1) or last_at < now() - interval '1 day'",
        list(buckets),
    )


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
    connection: Connection,
    name: str,
    token_hash: bytes,
    scopes: Sequence[str],
    connection_id: int | None = None,
) -> None:
    """A new API token, good for one connection or for all."""
    await connection.execute(
        "insert into api_token (name, token_hash, scopes, connection_id) values ($1, $2, $3, $4)",
        name,
        token_hash,
        list(scopes),
        connection_id,
    )


async def find_token(pool: Pool, token_hash: bytes) -> Any:
    """(id, name, scopes, connection_id) of a living token; notes its use, once a minute at most."""
    return await pool.fetchrow(
        "with used as (update api_token set last_used_at = now() where token_hash = $1 "
        "and revoked_at is null and coalesce(last_used_at, '-infinity') < now() "
        "- interval '1 minute') "
        "select id, name, scopes, connection_id from api_token "
        "where token_hash = $1 and revoked_at is null",
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
