"""What partners do with their tokens themselves.

Nothing made here can do more than the token of who makes it, nor make tokens again; a test token
touches test tokens only.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.ledger.accounts import TEST
from uzel.partners import manage
from uzel.partners import partner_store as store
from uzel.partners.access import Caller
from uzel.people.store import note

MOST_LIVING = 50
LONGEST_NAME = 100
LONGEST_OVERLAP = timedelta(days=30)


class Why(StrEnum):
    """Why a token is not made, replaced or ended."""

    MAY_NOT = "may_not"
    BEYOND = "beyond"
    NO_NAME = "no_name"
    NO_SCOPE = "no_scope"
    TOO_MANY = "too_many"
    UNKNOWN = "unknown"


class TokenRefused(Exception):
    """Nothing was changed."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


async def listed(pool: Pool | Connection, caller: Caller) -> list[Any]:
    """Tokens that a caller may see, the oldest first (see partner_store.tokens)."""
    rows = await store.tokens(pool, caller.partner.id)
    return [row for row in rows if caller.partner.book != TEST or row["is_test"]]


def is_living(row: Any) -> bool:
    expires = row["expires_at"]
    return row["revoked_at"] is None and (expires is None or expires > datetime.now(UTC))


async def create(
    connection: Connection, caller: Caller, name: str, scopes: Collection[str], *, is_test: bool
) -> manage.Added:
    """A new token, shown once. In a transaction of the caller's. Raises TokenRefused."""
    if await allowed(connection, caller) >= MOST_LIVING:
        raise TokenRefused(Why.TOO_MANY)
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise TokenRefused(Why.NO_NAME)
    if not scopes:
        raise TokenRefused(Why.NO_SCOPE)
    if not set(scopes) <= caller.scopes - {manage.TOKENS}:
        raise TokenRefused(Why.BEYOND)
    if caller.partner.book == TEST and not is_test:
        raise TokenRefused(Why.BEYOND)
    made = await manage.add_token(
        connection,
        caller.partner.id,
        name,
        scopes=scopes,
        is_test=is_test,
        created_by=actor_of(caller),
    )
    await noted(connection, caller, "add_token", {"token": made.id, "scopes": sorted(scopes)})
    return made


async def rotate(
    connection: Connection, caller: Caller, token_id: int, overlap: timedelta
) -> manage.Added:
    """Another token that may do the same, shown once; the old one works on for `overlap`. It ends
    no later than it would have, and so does the new one. Raises TokenRefused.
    """
    if await allowed(connection, caller) >= MOST_LIVING:
        raise TokenRefused(Why.TOO_MANY)
    old = await living(connection, caller, token_id)
    if not set(old["scopes"]) <= caller.scopes:
        raise TokenRefused(Why.BEYOND)
    made = await manage.add_token(
        connection,
        caller.partner.id,
        old["name"],
        scopes=old["scopes"],
        is_test=old["is_test"],
        expires_at=old["expires_at"],
        created_by=actor_of(caller),
    )
    overlap = min(max(overlap, timedelta(0)), LONGEST_OVERLAP)
    ends_at = datetime.now(UTC) + overlap
    if old["expires_at"] is not None:
        ends_at = min(ends_at, old["expires_at"])
    await store.revoke_token(connection, caller.partner.id, token_id, ends_at if overlap else None)
    await noted(connection, caller, "rotate_token", {"token": token_id, "new": made.id})
    return made


async def revoke(connection: Connection, caller: Caller, token_id: int) -> None:
    """End a token at once, whatever it may do. Raises TokenRefused."""
    await allowed(connection, caller)
    await living(connection, caller, token_id)
    await store.revoke_token(connection, caller.partner.id, token_id)
    await noted(connection, caller, "revoke_token", {"token": token_id})


async def allowed(connection: Connection, caller: Caller) -> int:
    """How many living tokens there are. Raises TokenRefused. The partner's row is locked: changes
    come one after the other.
    """
    if manage.TOKENS not in caller.scopes:
        raise TokenRefused(Why.MAY_NOT)
    await store.lock(connection, caller.partner.id)
    rows = await store.tokens(connection, caller.partner.id)
    own = next((row for row in rows if row["id"] == caller.token_id), None)
    if own is None or not is_living(own):
        raise TokenRefused(Why.MAY_NOT)
    return sum(map(is_living, rows))


async def living(connection: Connection, caller: Caller, token_id: int) -> Any:
    rows = await listed(connection, caller)
    row = next((row for row in rows if row["id"] == token_id and is_living(row)), None)
    if row is None:
        raise TokenRefused(Why.UNKNOWN)
    return row


def about_token(row: Any) -> dict[str, Any]:
    """Which token it was, for the audit: tokens are forgotten by number."""
    return {"token": row["id"], "name": row["name"], "prefix": row["prefix"]}


def actor_of(caller: Caller) -> str:
    return f"{caller.partner.public_id}, token {caller.token_id}"


async def noted(connection: Connection, caller: Caller, action: str, said: dict[str, Any]) -> None:
    subject = f"partner:{caller.partner.id}"
    await note(connection, actor_of(caller), action, subject, said)
