"""Who is signed in to the cabinet: by a token that may read, and no longer than it lives."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from uzel.kit.database import Pool
from uzel.kit.secrets import fingerprint, new_token
from uzel.partners import session_store as store
from uzel.partners.access import Caller, caller_of

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in token. `csrf` must come with every form."""

    caller: Caller
    token_name: str
    csrf: str


async def open_session(pool: Pool, caller: Caller) -> str:
    """What the cookie is to hold; the database keeps its hash only."""
    token = new_token("cabinet")
    csrf = secrets.token_urlsafe(24)
    await store.add(pool, fingerprint(token), caller.token_id, csrf, IDLE, LONGEST)
    return token


async def find_session(pool: Pool, token: str) -> Session | None:
    """The living session of this cookie; None: it has ended, or its token or partner has."""
    hashed = fingerprint(token)
    row = await store.find(pool, hashed, IDLE, LONGEST)
    if row is None:
        return None
    await store.note_seen(pool, hashed)
    return Session(caller_of(row), row["token_name"], row["csrf"])


async def end_session(pool: Pool, token: str) -> None:
    await store.end(pool, fingerprint(token))
