"""Partners: added, given tokens and money; each step with who did it."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import ValidationError

from uzel.errors import ConfigError
from uzel.kit.database import Connection
from uzel.kit.secrets import fingerprint, new_token
from uzel.ledger.accounts import LIVE, TEST, open_account
from uzel.ledger.command import Leg, Post, Verdict
from uzel.ledger.post import post
from uzel.model.currency import NotAnAmount, minor
from uzel.partners import partner_store as store
from uzel.partners.settings import PartnerSettings

# What a new partner can spend in tests, in whole units of its currency.
TEST_BALANCE = Decimal(1_000_000)
PAY, LEADS, READ, TOKENS = "payments:write", "leads:write", "read", "tokens:write"
# Those of a program's token. TOKENS is for people, and has to be asked for: whoever finds a
# program's token must not be able to make others that outlive it (docs/decisions/0019).
SCOPES = (READ, PAY, LEADS)
ALL_SCOPES = (*SCOPES, TOKENS)
SHOWN = 12
SHORTEST_TOKEN = 16


class PartnerClosed(ConfigError):
    """No new token works for a partner that was closed."""


@dataclass(frozen=True, slots=True)
class Added:
    """A new partner, or a new token. `token` is shown once."""

    id: int
    public_id: str
    token: str | None = None


async def add(
    connection: Connection, name: str, currency: str, settings: PartnerSettings | None = None
) -> Added:
    """A partner with a balance of nothing, and one to play with in tests. Raises ConfigError."""
    public_id = f"partner_{secrets.token_hex(7)}"
    try:
        accounts = (
            await open_account(connection, LIVE, f"partner:{public_id}", currency, floor_minor=0),
            await open_account(connection, TEST, f"partner:{public_id}", currency, floor_minor=0),
        )
        kept = (settings or PartnerSettings()).model_dump(mode="json", exclude_defaults=True)
        async with connection.transaction():
            number = await store.add(connection, public_id, name.strip(), currency, kept, accounts)
    except NotAnAmount as error:
        raise ConfigError(str(error)) from None
    except asyncpg.UniqueViolationError:
        raise ConfigError(f"there is a partner called {name} already") from None
    house = await open_account(connection, TEST, "top-ups", currency)
    await move_money(
        connection,
        accounts[1],
        house,
        minor(TEST_BALANCE, currency),
        kind="top_up",
        origin=f"test:{public_id}",
        made_by="uzel",
        reason="to play with",
    )
    return Added(number, public_id)


async def add_token(
    connection: Connection,
    partner_id: int,
    name: str,
    *,
    scopes: Collection[str] = SCOPES,
    is_test: bool = False,
    expires_at: datetime | None = None,
    created_by: str | None = None,
    token: str | None = None,
) -> Added:
    """A new token; or (`token`) one that the partner has from elsewhere and keeps. Raises
    ConfigError, PartnerClosed.
    """
    row = await store.find(connection, partner_id)
    if row is not None and row["state"] != "active":
        raise PartnerClosed(f"{row['name']} is closed: a token would not work; open it first")
    if unknown := sorted(set(scopes) - set(ALL_SCOPES)):
        raise ConfigError(f"there is no scope {unknown[0]}; there are: {', '.join(ALL_SCOPES)}")
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise ConfigError(f"a token has at least {SHORTEST_TOKEN} characters")
    made = token or new_token("uzt" if is_test else "uzp")
    try:
        async with connection.transaction():
            number = await store.add_token(
                connection,
                partner_id,
                name,
                fingerprint(made),
                made[:SHOWN] if token is None else made[:4],
                sorted(scopes),
                is_test=is_test,
                expires_at=expires_at,
                created_by=created_by,
            )
    except asyncpg.UniqueViolationError:
        raise ConfigError("this token is in use already") from None
    return Added(number, "", None if token else made)


async def move_money(
    connection: Connection,
    account: int,
    house: int,
    amount_minor: int,
    *,
    kind: str,
    origin: str,
    made_by: str,
    reason: str,
) -> Verdict:
    """A top-up or a correction: `amount_minor` to the partner's account (negative: from it) and
    from one of the house's.
    """
    legs = (Leg(account, amount_minor), Leg(house, -amount_minor))
    (verdict,) = await post(connection, [Post(origin, kind, legs, made_by, reason)])
    return verdict


async def change_settings(
    connection: Connection, partner_id: int, changes: Mapping[str, Any]
) -> PartnerSettings:
    """Other settings, the rest as it was; in a transaction of the caller's. Raises ConfigError."""
    row = await store.lock(connection, partner_id)
    if row is None:
        raise ConfigError(f"there is no partner {partner_id}")
    try:
        wanted = PartnerSettings.model_validate({**row["settings"], **changes})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{field}: {first['msg']}") from None
    kept = wanted.model_dump(mode="json", exclude_defaults=True)
    await store.change(connection, partner_id, row["name"], kept, row["state"])
    return wanted


async def close(connection: Connection, partner_id: int) -> None:
    """None of its tokens works from now on; what is pending still ends. In a transaction of the
    caller's.
    """
    row = await store.lock(connection, partner_id)
    if row is None:
        raise ConfigError(f"there is no partner {partner_id}")
    await store.change(connection, partner_id, row["name"], row["settings"], "off")


async def reopen(connection: Connection, partner_id: int) -> None:
    """Its tokens that were not revoked work again. In a transaction of the caller's."""
    row = await store.lock(connection, partner_id)
    if row is None:
        raise ConfigError(f"there is no partner {partner_id}")
    await store.change(connection, partner_id, row["name"], row["settings"], "active")
