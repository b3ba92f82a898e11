"""Where a partner hears of changes, and the secret that signs: set, moved, switched off, rotated.

Each book of a partner has a connection of its own; the two have different secrets, so what is told
of test money can never be taken for the other.
"""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.plan import wake
from uzel.connections import config as sealed
from uzel.connections import manage as connections
from uzel.connections import store as connection_store
from uzel.connections.hook_url import HookRefused, HookUrl, read_address
from uzel.connectors.partner_hook.signing import new_secret
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing
from uzel.ledger.accounts import LIVE, TEST
from uzel.partners import hook_store as store
from uzel.partners import manage, partner_store

CONNECTOR = "partner_hook"
FIELDS = {LIVE: "hook_url", TEST: "hook_test_url"}
# For so long after a change the old secret signs beside the new one.
OVERLAP = timedelta(hours=24)
NO_ADDRESS = "off: the partner has no address"


@dataclass(frozen=True, slots=True)
class AddressSet:
    """What became of an address. `secret`: a new one, shown this once; None: it is what it was."""

    connection_id: int | None
    url: str | None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A partner's address of one book. `state` of its connection: `active`, `paused` or `off`;
    `old_until`: so long the secret before this one signs, too.
    """

    connection_id: int
    book: str
    url: str
    state: str
    reason: str | None
    old_until: datetime | None
    created_at: datetime


async def hook_of(pool: Pool | Connection, partner_id: int, book: str) -> Hook | None:
    """The address of a book, None where there never was one."""
    row = await store.find(pool, partner_id, book)
    if row is None:
        return None
    kept = row["settings"]
    until = datetime.fromisoformat(kept["old_until"]) if kept.get("old_until") else None
    return Hook(
        row["connection_id"],
        book,
        f"{kept['base_url']}{kept.get('path', '')}",
        row["state"],
        row["state_reason"],
        until if until and until > datetime.now(UTC) else None,
        row["created_at"],
    )


async def set_address(
    connection: Connection, ring: KeyRing, partner_id: int, book: str, url: str
) -> AddressSet:
    """`put` for an address as somebody types it; empty: none. Raises ConfigError."""
    address = await read_address(url) if url.strip() else None
    return await put(connection, ring, partner_id, book, address)


async def put(
    connection: Connection, ring: KeyRing, partner_id: int, book: str, address: HookUrl | None
) -> AddressSet:
    """Tell a partner's changes here from now on; None: nowhere. What waits is kept for three days,
    and goes to the new address. In a transaction of the caller's. Raises ConfigError.
    """
    if address is None:
        await manage.change_settings(connection, partner_id, {FIELDS[book]: None})
        if (row := await store.find(connection, partner_id, book)) is not None:
            await connection_store.set_state(connection, row["connection_id"], "off", NO_ADDRESS)
        return AddressSet(None, None)
    # Locks the partner first: two who set the address at the same time wait for each other.
    await manage.change_settings(connection, partner_id, {FIELDS[book]: address.url})
    row = await store.find(connection, partner_id, book)
    if row is None:
        return await first(connection, ring, partner_id, book, address)
    number = row["connection_id"]
    await change(connection, ring, row, {"base_url": address.base_url, "path": address.path})
    await connection_store.set_state(connection, number, "active", None)
    await connection_store.close_breaker(connection, number)
    await wake(connection, number)
    return AddressSet(number, address.url)


async def first(
    connection: Connection, ring: KeyRing, partner_id: int, book: str, address: HookUrl
) -> AddressSet:
    """The connection of a book that had none."""
    partner = await partner_store.find(connection, partner_id)
    secret = new_secret()
    values = {"base_url": address.base_url, "path": address.path, "secret": secret}
    name = f"{partner['name']} · {book}"
    added = await connections.add(connection, ring, CONNECTOR, name, values)
    await store.add(connection, partner_id, book, added.id)
    return AddressSet(added.id, address.url, secret)


async def rotate(
    connection: Connection, ring: KeyRing, partner_id: int, book: str
) -> tuple[str, datetime]:
    """A new secret, shown this once, and until when the old one signs beside it. One that was still
    old itself signs no longer. In a transaction of the caller's. Raises ConfigError.
    """
    partner = await partner_store.lock(connection, partner_id)
    row = await store.find(connection, partner_id, book)
    if row is None:
        raise HookRefused("hook_none", f"there is no address yet; see: {how_to_set(partner)}")
    secret, until = new_secret(), datetime.now(UTC) + OVERLAP
    before = sealed.unseal(ring, row["connection_id"], row["secrets"])["secret"]
    changes = {"secret": secret, "old_secret": before, "old_until": until.isoformat()}
    await change(connection, ring, row, changes)
    return secret, until


def how_to_set(partner: Any) -> str:
    """The command for it, of a row of a partner."""
    name = partner["name"]
    return f"uzel partner set {name if name.isalnum() else shlex.quote(name)} --hook-url URL"


async def change(connection: Connection, ring: KeyRing, row: Any, changes: dict[str, Any]) -> None:
    """Other settings of a hook's connection, the rest as it was, secrets included: they sign and
    never leave, so another server learns nothing of them.
    """
    number = row["connection_id"]
    secrets = sealed.unseal(ring, number, row["secrets"])
    values = {**row["settings"], **secrets, **changes}
    await connections.change(connection, ring, number, values, rate_per_s=row["rate_per_s"])
