"""People, their passwords and sessions, and API tokens."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from uzel.errors import ConfigError
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import fingerprint, new_token
from uzel.people import store

SESSION = timedelta(hours=12)
SHORTEST_PASSWORD = 8
# After so many failures a login or an address waits, longer each time.
FREE_FAILURES = 5
LONGEST_WAIT_S = 900

_HASHER = PasswordHasher()
# Checked against where there is no such person, so that both answers take the same time.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


class Throttled(Exception):
    """Too many failed attempts; `wait_s` until the next one counts."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"wait {wait_s} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person. `csrf` must come with every change."""

    person_id: int
    login: str
    role: str
    csrf: str


async def save_person(connection: Connection, login: str, password: str, role: str) -> None:
    """Add a person or replace the password; other sessions of that person end."""
    if len(password) < SHORTEST_PASSWORD:
        raise ConfigError(f"a password has at least {SHORTEST_PASSWORD} characters")
    hashed = await asyncio.to_thread(_HASHER.hash, password)
    await store.save_person(connection, login.strip().lower(), hashed, role)


async def sign_in(pool: Pool, login: str, password: str, remote_addr: str) -> str | None:
    """A new session's token, or None. Raises Throttled."""
    login = login.strip().lower()[:200]
    buckets = [f"login:{login}", f"address:{remote_addr}"]
    failures, wait_s = await store.failures(pool, buckets, FREE_FAILURES, LONGEST_WAIT_S)
    if wait_s > 0:
        raise Throttled(wait_s)
    row = await store.find_person(pool, login)
    good = await asyncio.to_thread(verify, row["password_hash"] if row else _NOBODY, password)
    if row is None or not good:
        await store.note_failure(pool, buckets)
        return None
    if failures:
        await store.forget_failures(pool, buckets[:1])
    token = new_token("session")
    await store.add_session(pool, fingerprint(token), row["id"], secrets.token_urlsafe(24), SESSION)
    return token


def verify(hashed: str, password: str) -> bool:
    """Whether the password is the one behind the hash."""
    try:
        return _HASHER.verify(hashed, password[:1000])
    except (VerificationError, InvalidHashError):
        return False


async def find_session(pool: Pool, token: str) -> Session | None:
    """The living session of this token."""
    row = await store.find_session(pool, fingerprint(token))
    return Session(row["person_id"], row["login"], row["role"], row["csrf"]) if row else None


async def sign_out(pool: Pool, token: str) -> None:
    """End the session."""
    await store.end_session(pool, fingerprint(token))


async def add_token(connection: Connection, name: str, scopes: list[str]) -> str:
    """A new API token; the database keeps its fingerprint only."""
    token = new_token("uzel")
    await store.add_token(connection, name, fingerprint(token), scopes)
    return token
