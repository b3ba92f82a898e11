"""Robots: who works on leads by HTTP, each with a token of its own."""

from dataclasses import dataclass

import asyncpg

from uzel.errors import ConfigError
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import fingerprint, new_token
from uzel.ledger.accounts import LIVE, TEST
from uzel.partners import robot_store as store
from uzel.partners.manage import SHORTEST_TOKEN, SHOWN

LONGEST_TOKEN = 512


@dataclass(frozen=True, slots=True)
class Robot:
    """Who asks; `book`: whose leads it works on."""

    id: int
    name: str
    book: str


async def add(
    connection: Connection,
    name: str,
    *,
    is_test: bool = False,
    by: str | None = None,
    token: str | None = None,
) -> tuple[int, str]:
    """(its number, its token: shown once). `token`: one that it has already. Raises ConfigError."""
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise ConfigError(f"a token has at least {SHORTEST_TOKEN} characters")
    made = token or new_token("uzr")
    shown = made[: SHOWN if token is None else 4]
    try:
        async with connection.transaction():
            number = await store.add(
                connection, name.strip(), fingerprint(made), shown, is_test=is_test, by=by
            )
    except asyncpg.UniqueViolationError:
        raise ConfigError(f"there is a robot called {name}, or with this token, already") from None
    except asyncpg.CheckViolationError:
        raise ConfigError("a robot needs a name") from None
    return number, made


async def robot_of(pool: Pool, token: str | None) -> Robot | None:
    """Whose token this is."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    row = await store.living(pool, fingerprint(token))
    if row is None:
        return None
    return Robot(row["id"], row["name"], TEST if row["is_test"] else LIVE)
