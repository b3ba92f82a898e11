"""Sessions of programs: a challenge, its answer, and a name that is good while it is used.

Protocol: konsol-and-vtiger, B3. Two things are better here than there. A challenge is made of the
second it was asked for and kept nowhere, so one account may have any number under way at once, and
nobody fills a table by asking. And a session ends 15 minutes after its last use, whatever an
interpreter collects. Access keys are ours and too long to be guessed, so guesses are not counted.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uzel.crm import session_store as store
from uzel.crm.refusal import Refused
from uzel.crm.users import CODE_PLACE, KEY_PLACE
from uzel.kit.database import Pool
from uzel.kit.secrets import KeyRing, fingerprint

CHALLENGE_S = 300
IDLE_S = 15 * 60
# Its use is written down so often at most, and early enough that it never ends while it is used.
NOTED_EVERY_S = 15


@dataclass(frozen=True, slots=True)
class User:
    """Whom a session is of."""

    id: int
    business_id: int
    login: str
    first_name: str
    last_name: str
    email: str
    is_admin: bool
    strict: bool

    @classmethod
    def of(cls, row: Any) -> "User":
        """From a row of `crm_user` with its registry's rules."""
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be answered; both moments in seconds since 1970."""

    token: str
    server_time: int
    expire_time: int


class Sessions:
    """One for a web process."""

    def __init__(
        self,
        pool: Pool,
        ring: KeyRing,
        *,
        idle_s: int = IDLE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pool, self._ring = pool, ring
        self._idle_s, self._clock = idle_s, clock

    async def challenge(self, login: str) -> Challenge:
        """A token to answer. Raises Refused: there is no such account."""
        if not login:
            raise Refused("ACCESS_DENIED", "No username given")
        account = await self._account(login)
        if account is None:
            raise Refused("ACCESS_DENIED", "username does not exists")
        now = int(self._clock())
        await store.note_challenge(self._pool, account["id"], now + CHALLENGE_S)
        token = token_of(self._code_key(account), account["id"], now)
        return Challenge(token, now, now + CHALLENGE_S)

    async def log_in(self, login: str, answer: str) -> tuple[str, User]:
        """(the name of a new session, whose it is). Raises Refused."""
        account = await self._account(login)
        now = int(self._clock())
        if account is None or (account["challenged_until"] or 0) < now:
            raise Refused("INVALID_AUTH_TOKEN", "Specified token is invalid or expired")
        name = secrets.token_hex(16)
        if not self._answers(account, answer, now) or not await store.add_session(
            *(self._pool, fingerprint(name), account["id"], account["access_key"], self._idle_s)
        ):
            # Whether the answer was wrong or the account is closed is nobody's business.
            raise Refused("INVALID_USER_CREDENTIALS", "Invalid username or password")
        return name, User.of(account)

    async def user(self, name: str) -> User:
        """Whose session this is; it is used by that. Raises Refused."""
        digest = fingerprint(name)
        row = await store.session_account(self._pool, digest, self._idle_s)
        if row is None:
            raise Refused("INVALID_SESSIONID", "Session Identifier provided is Invalid")
        if row["idle_s"] > min(NOTED_EVERY_S, self._idle_s / 4):
            await store.use_session(self._pool, digest)
        return User.of(row)

    async def log_out(self, name: str) -> None:
        """The name is good for nothing any more."""
        await store.end_session(self._pool, fingerprint(name))

    async def _account(self, login: str) -> Any:
        """None: there is none of this login, or none can be."""
        return await store.account(self._pool, login) if login and "\0" not in login else None

    def _answers(self, account: Any, answer: str, now: int) -> bool:
        """Whether this answers a challenge that is good still: one of each second."""
        key = self._ring.open(account["access_key"], KEY_PLACE.format(account["id"]))
        code_key, right = self._code_key(account), False
        for second in range(now - CHALLENGE_S, now + 2):
            said = token_of(code_key, account["id"], second).encode() + key
            expected = hashlib.md5(said, usedforsecurity=False).hexdigest()
            right |= hmac.compare_digest(expected.encode(), answer.encode(errors="replace"))
        return right

    def _code_key(self, account: Any) -> bytes:
        place = CODE_PLACE.format(account["business_id"])
        return self._ring.open(account["code_key"], place)


def token_of(code_key: bytes, user_id: int, second: int) -> str:
    """The challenge of an account in a second."""
    said = f"challenge:{user_id}:{second}".encode()
    return f"{second:08x}{hmac.new(code_key, said, hashlib.sha256).hexdigest()[:24]}"
