"""People, their passwords and sessions, and API tokens."""

import asyncio
import contextlib
import ipaddress
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from uzel.errors import ConfigError
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing, fingerprint, new_token
from uzel.people import store
from uzel.people.browsers import KnownBrowser, new_cookie

Result = TypeVar("Result")

SESSION = timedelta(hours=12)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 1000
LONGEST_LOGIN = 200
ADDRESS = "address:"
# After so many failures an address or a known browser waits, longer each time; a login later, for
# strangers can make it wait who know nothing but the name.
FREE_FAILURES, FREE_FAILURES_OF_LOGIN = 5, 20
LONGEST_WAIT_S = 900
# So many sign-ins may be under way, others are told to come again; those from known browsers have
# some more room of their own. Two at a time take their hashes, some tens of milliseconds each.
MOST_AT_ONCE, MOST_OF_KNOWN = 16, 24
COME_AGAIN_S = 2

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


class Busy(Exception):
    """Too many sign-ins at once; nothing was looked at. Come again after `wait_s`."""

    wait_s = COME_AGAIN_S


class Queue:
    """Those who are signing in to this process."""

    def __init__(self) -> None:
        self.length = 0

    @contextlib.contextmanager
    def place(self, known: bool) -> Iterator[None]:
        """A place in it, while the block lasts. Raises Busy."""
        if self.length >= (MOST_OF_KNOWN if known else MOST_AT_ONCE):
            raise Busy
        self.length += 1
        try:
            yield
        finally:
            self.length -= 1


_QUEUE = Queue()


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


async def sign_in(
    pool: Pool, login: str, password: str, remote_addr: str, browser: KnownBrowser | None = None
) -> str | None:
    """A new session's token, or None. `browser`: what the visitor's cookie proves, if anything.
    Raises Throttled and Busy.
    """
    login = plain(login)
    with _QUEUE.place(browser is not None):
        row = await store.find_person(pool, login)
        buckets = buckets_of(login, plain(remote_addr))
        if browser is not None and row is not None and browser.fits(row["password_hash"]):
            # What strangers do to the login or behind the same address is no concern of theirs.
            buckets = {browser.bucket: FREE_FAILURES}
        # Counted before it is known to be wrong: guesses made all at once are counted too.
        wait_s = await store.take_attempt(pool, buckets, LONGEST_WAIT_S)
        if wait_s > 0:
            raise Throttled(wait_s)
        hashed = row["password_hash"] if row else _NOBODY
        good = await in_thread(verify, hashed, password)
        if row is None or not good:
            return None
        return await open_session(pool, row["id"], buckets)


async def open_session(pool: Pool, person_id: int, buckets: Iterable[str]) -> str:
    """The token of a new session; the attempt that led to it was none that failed."""
    ours = [bucket for bucket in buckets if not bucket.startswith(ADDRESS)]
    await store.forget_failures(pool, ours)
    await store.give_back_attempt(pool, [bucket for bucket in buckets if bucket not in ours])
    token = new_token("session")
    csrf = secrets.token_urlsafe(24)
    await store.add_session(pool, fingerprint(token), person_id, csrf, SESSION)
    return token


def buckets_of(login: str, remote_addr: str) -> dict[str, int]:
    """Where an attempt of a stranger is counted, and from how many failures on one waits there."""
    return {
        f"login:{login}": FREE_FAILURES_OF_LOGIN,
        f"{ADDRESS}{network_of(remote_addr)}": FREE_FAILURES,
    }


def network_of(remote_addr: str) -> str:
    """What one sender has: an IPv4 address, or the /64 that is given out in IPv6 (RFC 6177)."""
    try:
        address = ipaddress.ip_address(remote_addr)
    except ValueError:
        return remote_addr
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))


async def remember_browser(pool: Pool, ring: KeyRing, login: str) -> str | None:
    """The cookie that makes the browser of somebody who has just signed in a known one."""
    row = await store.find_person(pool, plain(login))
    return new_cookie(ring, plain(login), row["password_hash"]) if row else None


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


async def add_token(
    connection: Connection, name: str, scopes: list[str], connection_id: int | None = None
) -> str:
    """A new API token; the database keeps its fingerprint only. `connection_id`: the one whose
    payouts and claims it is good for; None: those of all.
    """
    token = new_token("uzel")
    await store.add_token(connection, name, fingerprint(token), scopes, connection_id)
    return token
