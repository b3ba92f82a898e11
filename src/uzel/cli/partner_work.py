"""What the commands about partners do, each in one transaction with its note in the audit."""

import argparse
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from uzel.app import Parts
from uzel.cli.partner_hooks import URLS
from uzel.cli.partners import SETTINGS
from uzel.cli.who import who
from uzel.errors import ConfigError
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.ledger.accounts import standing
from uzel.model.currency import NotAnAmount, Rounding, minor, text
from uzel.partners import hook_address, manage
from uzel.partners import partner_store as store
from uzel.partners.own_tokens import about_token
from uzel.partners.settings import PartnerSettings
from uzel.people.store import note

Told = dict[str, Any]
YES = ("yes",)
PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]+)?")


async def add(parts: Parts, parsed: argparse.Namespace) -> Told:
    """A partner and its first token."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        added = await manage.add(connection, parsed.name, parsed.currency.upper())
        settings = await manage.change_settings(connection, added.id, changes(parsed))
        token = await manage.add_token(connection, added.id, "main", created_by=by)
        said = {"name": parsed.name, "settings": kept(settings)}
        await note(connection, by, "add", f"partner:{added.id}", said)
    told = {"id": added.id, "partner": added.public_id, "name": parsed.name}
    return {**told, "token_id": token.id, "token": token.token}


async def every(parts: Parts) -> list[Told]:
    """All partners with their tokens."""
    async with parts.pool.acquire() as connection:
        return [
            {
                **await told_of(connection, row),
                "settings": dict(row["settings"]),
                "tokens": [
                    {**dict(token), "works": row["state"] == "active" and works_now(token)}
                    for token in await store.tokens(connection, row["id"])
                ],
            }
            for row in await store.every(connection)
        ]


async def change(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Other settings."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await find(connection, parsed.partner)
        wanted = changes(parsed, row["currency"])
        secrets = await set_addresses(connection, parts.ring, row["id"], parsed)
        settings = await manage.change_settings(connection, row["id"], wanted)
        if wanted or parsed.hook_url is not None or parsed.hook_test_url is not None:
            said = {"before": row["settings"], "after": kept(settings)}
            await note(connection, by, "set", f"partner:{row['id']}", said)
        told = {**await told_of(connection, row), "settings": settings.model_dump(mode="json")}
    return {**told, "hook_secrets": secrets}


async def set_addresses(
    connection: Connection, ring: KeyRing, partner_id: int, parsed: argparse.Namespace
) -> dict[str, str]:
    """What `uzel partner set` was told of addresses: book → a new secret, where there is one."""
    made = {}
    for book, option in URLS.items():
        given = getattr(parsed, option)
        url = parsed.hook_url if given is None else given
        if url is None:
            continue
        done = await hook_address.set_address(connection, ring, partner_id, book, url)
        if done.secret is not None:
            made[book] = done.secret
    return made


async def add_token(parts: Parts, parsed: argparse.Namespace, given: str | None) -> Told:
    """Another token, or (`given`) one from elsewhere."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await find(connection, parsed.partner)
        added = await manage.add_token(
            connection,
            row["id"],
            parsed.name,
            scopes=parsed.scope or manage.SCOPES,
            is_test=parsed.test,
            created_by=by,
            token=given,
        )
        token = await store.token(connection, row["id"], added.id)
        said = {**about_token(token), "imported": given is not None}
        await note(connection, by, "add_token", f"partner:{row['id']}", said)
    return {"id": added.id, "partner": row["public_id"], "token": added.token}


async def revoke(parts: Parts, parsed: argparse.Namespace) -> Told:
    """The end of a token."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await find(connection, parsed.partner)
        if not await store.revoke_token(connection, row["id"], parsed.id):
            raise ConfigError(
                f"{row['name']} has no living token {parsed.id}; see: uzel partner list"
            )
        said = about_token(await store.token(connection, row["id"], parsed.id))
        await note(connection, by, "revoke_token", f"partner:{row['id']}", said)
    return {"id": parsed.id, "partner": row["public_id"]}


async def close(parts: Parts, parsed: argparse.Namespace) -> Told:
    """The end of a partner's access."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await find(connection, parsed.partner)
        await manage.close(connection, row["id"])
        said = {"reason": reason_of(parsed)}
        await note(connection, by, "close", f"partner:{row['id']}", said)
        return {**await told_of(connection, row), "state": "off"}


async def reopen(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Its access again, with the tokens that were not revoked."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await find(connection, parsed.partner)
        if row["state"] == "active":
            raise ConfigError(f"{row['name']} is open")
        await manage.reopen(connection, row["id"])
        said = {"reason": reason_of(parsed)}
        await note(connection, by, "reopen", f"partner:{row['id']}", said)
        works = [it for it in await store.tokens(connection, row["id"]) if works_now(it)]
        told = {**await told_of(connection, row), "state": "active"}
    return {**told, "tokens": [it["id"] for it in works]}


def works_now(token: Any) -> bool:
    """Whether a partner's token is good for anything, if the partner is open."""
    ends_at = token["expires_at"]
    return token["revoked_at"] is None and (ends_at is None or ends_at > datetime.now(UTC))


async def find(connection: Connection, wanted: str) -> Any:
    """Raises ConfigError."""
    row = await store.named(connection, wanted)
    if row is None:
        raise ConfigError(f"there is no partner {wanted}; see: uzel partner list")
    return row


async def told_of(connection: Connection, row: Any) -> Told:
    """A partner and where its balance stands."""
    stands = await standing(connection, row["account_id"])
    assert stands is not None
    return {
        "id": row["id"],
        "partner": row["public_id"],
        "name": row["name"],
        "state": row["state"],
        "available": text(stands.available_minor, row["currency"]),
        "held": text(stands.held_minor, row["currency"]),
        "currency": row["currency"],
    }


def changes(parsed: argparse.Namespace, currency: str | None = None) -> dict[str, Any]:
    """Settings that were given, as partners.settings takes them. Raises ConfigError."""
    given = {
        field: getattr(parsed, option.replace("-", "_")) for option, (field, *_) in SETTINGS.items()
    }
    found = {field: value for field, value in given.items() if value is not None}
    if "commission_percent" in found:
        found["commission_percent"] = percent_of(found["commission_percent"])
    if "token_in_url" in found:
        found["token_in_url"] = given["token_in_url"] in YES
    if "addresses" in found:
        words = [] if found["addresses"] == "any" else found["addresses"].split(",")
        found["addresses"] = [word.strip() for word in words]
    if parsed.lead_price is not None:
        in_currency = currency or parsed.currency.upper()
        found["lead_price_minor"] = amount_of(parsed.lead_price, in_currency)
    return found


def kept(settings: PartnerSettings) -> Told:
    return settings.model_dump(mode="json", exclude_defaults=True)


def percent_of(given: str) -> str:
    """A number with a point, however it was typed. Raises ConfigError."""
    found = given.strip().removesuffix("%").strip().replace(",", ".")
    if not PERCENT.fullmatch(found):
        raise ConfigError(f"--commission: {given} is no number of per cent; write it like 2.5")
    return found


def amount_of(given: str, currency: str) -> int:
    """Minor units. Raises ConfigError."""
    try:
        return minor(Decimal(given), currency, Rounding.EXACT)
    except (InvalidOperation, NotAnAmount) as error:
        said = str(error) if isinstance(error, NotAnAmount) else "not an amount"
        raise ConfigError(f"{given}: {said}; write it like 1000.50") from None


def reason_of(parsed: argparse.Namespace) -> str:
    """Raises ConfigError."""
    reason = str(parsed.reason or "").strip()
    if not reason:
        raise ConfigError("say why: the reason is empty")
    return reason
