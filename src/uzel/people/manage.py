"""People, their passwords and sessions, and API tokens."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from uzel.errors import ConfigError
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import fingerprint, new_token
from uzel.people import store

Result = TypeVar("Result")

SESSION = timedelta(hours=12)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 1000
LONGEST_LOGIN = 200
# After so many failures a login or an address waits, longer each time.
FREE_FAILURES = 5
LONGEST_WAIT_S = 900

_HASHER = PasswordHasher()
# Each hash takes 64 MiB for its time: a flood of sign-ins waits here and not in our memory.
_HASHING = ThreadPoolExecutor(2, "passwords")
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
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ConfigError(
            f"a password has at least {SHORTEST_PASSWORD} and at most {LONGEST_PASSWORD} characters"
        )
    hashed = await in_thread(_HASHER.hash, to_bytes(password))
    await store.save_person(connection, plain(login), hashed, role)


async def sign_in(pool: Pool, login: str, password: str, remote_addr: str) -> str | None:
    """A new session's token, or None. Raises Throttled."""
    login = plain(login)
    buckets = [f"login:{login}", f"address:{plain(remote_addr)}"]
    # Counted before it is known to be wrong: guesses made all at once are counted too.
    wait_s = await store.take_attempt(pool, buckets, FREE_FAILURES, LONGEST_WAIT_S)
    if wait_s > 0:
        raise Throttled(wait_s)
    row = await store.find_person(pool, login)
    good = await in_thread(verify, row["password_hash"] if row else _NOBODY, password)
    if row is None or not good:
        return None
    await store.forget_failures(pool, buckets[:1])
    await store.give_back_attempt(pool, buckets[1:])
    token = new_token("session")
    await store.add_session(pool, fingerprint(token), row["id"], secrets.token_urlsafe(24), SESSION)
    return token


def verify(hashed: str, password: str) -> bool:
    """Whether the password is the one behind the hash."""
    try:
        return _HASHER.verify(hashed, to_bytes(password[:LONGEST_PASSWORD]))
    except (VerificationError, InvalidHashError):
        return False


async def in_thread(work: Callable[..., Result], *arguments: object) -> Result:
    """Hash without holding up everybody else."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, work, *arguments)


def plain(login: str) -> str:
    """A login as it is stored and compared; what PostgreSQL cannot keep is no part of one."""
    text = login.encode(errors="replace").decode().replace("\0", "")
    return text.strip().lower()[:LONGEST_LOGIN]


def to_bytes(password: str) -> bytes:
    """Any text is a password, half a surrogate pair included."""
    return password.encode("utf-8", "surrogatepass")


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
