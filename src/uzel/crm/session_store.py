"""Accounts that sign in, and their sessions, in the database."""

from typing import Any

from uzel.kit.database import Pool

ACCOUNT = "select u.*, r.strict, r.code_key from crm_user u join crm_registry r using (business_id)"


async def account(pool: Pool, login: str) -> Any:
    """An account with its registry's rules, in whatever state it is."""
    return await pool.fetchrow(f"{ACCOUNT} where lower(u.login) = lower($1)", login)


async def note_challenge(pool: Pool, user_id: int, until: int) -> None:
    """That the account has something to answer until then, in seconds since 1970."""
    await pool.execute(
        "update crm_user set challenged_until = $2 where id = $1 "
        "and (challenged_until is null or challenged_until < $2)",
        user_id,
        until,
    )


async def add_session(
    pool: Pool, digest: bytes, user_id: int, access_key: bytes, idle_s: int
) -> bool:
    """A new session; those that nobody used for so long go. False: the account has another key by
    now, or is closed.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "delete from crm_session where digest in (select digest from crm_session "
            "where used_at < clock_timestamp() - make_interval(secs => $1) "
            "limit 100 for update skip locked)",
            idle_s,
        )
        await connection.execute(
            "update crm_user set last_login_at = clock_timestamp() "
            "where id = $1 and disabled_at is null and "
            "(last_login_at is null or last_login_at < clock_timestamp() - interval '1 minute')",
            user_id,
        )
        # Whoever changes the key waits for this, or this for them: no session outlives its key.
        done = await connection.execute(
            "insert into crm_session (digest, user_id) select $1, id from crm_user "
            "where id = $2 and access_key = $3 and disabled_at is null for share",
            digest,
            user_id,
            access_key,
        )
        return bool(done == "INSERT 0 1")


async def session_account(pool: Pool, digest: bytes, idle_s: int) -> Any:
    """The account of a living session, and for how long it was not used."""
    return await pool.fetchrow(
        "select u.*, r.strict, extract(epoch from clock_timestamp() - s.used_at)::float as idle_s "
        "from crm_session s join crm_user u on u.id = s.user_id "
        "join crm_registry r using (business_id) where s.digest = $1 and u.disabled_at is null "
        "and s.used_at > clock_timestamp() - make_interval(secs => $2)",
        digest,
        idle_s,
    )


async def use_session(pool: Pool, digest: bytes) -> None:
    """It is used now."""
    await pool.execute(
        "update crm_session set used_at = clock_timestamp() where digest = $1", digest
    )


async def end_session(pool: Pool, digest: bytes) -> None:
    """Log out."""
    await pool.execute("delete from crm_session where digest = $1", digest)
