"""Making and changing connections: what the command line, the console and the environment share."""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uzel.connections import config as settings
from uzel.connections import grant_store, store
from uzel.connections.environment import values_of, wrong_with
from uzel.connector import Config, Connector
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.kit import addresses, database
from uzel.kit.secrets import KeyRing, fingerprint, new_token
from uzel.model.address import origin_of

log = logging.getLogger("uzel.connections")


@dataclass(frozen=True, slots=True)
class Added:
    """A new connection. `key` is its webhook key, shown this once; None if it receives nothing."""

    id: int
    name: str
    key: str | None


def find_connector(name: str) -> Connector:
    """The connector by name. Raises ConfigError listing the known ones."""
    connector = connectors().get(name)
    if connector is None:
        raise ConfigError(f"no connector {name!r}; there are: {', '.join(sorted(connectors()))}")
    return connector


async def add(
    connection: database.Connection,
    ring: KeyRing,
    connector_name: str,
    name: str,
    values: dict[str, Any],
    *,
    business_id: int | None = None,
    rate_per_s: float | None = None,
    key: str | None = None,
) -> Added:
    """Add a connection in the caller's transaction. Raises ConfigError."""
    connector = find_connector(connector_name)
    typed = settings.validate(connector.config, values)
    await check_addresses(typed)
    if name in await store.names_of(connection, connector_name):
        raise ConfigError(f"there is already a connection {connector_name}/{name}")
    if business_id is None:
        business_id = await store.default_business(connection)
    key = (key or new_token("hook")) if connector.webhook is not None else None
    key_hash = fingerprint(key) if key else None
    added = await store.add(connection, business_id, connector_name, name, key_hash)
    plain, secret = settings.split(typed)
    await store.save_settings(
        connection, added, plain, settings.seal(ring, added, secret), rate_per_s
    )
    return Added(added, name, key)


async def change(
    connection: database.Connection,
    ring: KeyRing,
    connection_id: int,
    values: dict[str, Any],
    *,
    rate_per_s: float | None,
) -> None:
    """Replace settings; a secret left out or empty keeps its old value, unless it would go to
    another server then. Raises ConfigError.
    """
    row = await store.lock(connection, connection_id)
    if row is None:
        raise ConfigError(f"there is no connection {connection_id}")
    config = find_connector(row["connector"]).config
    given = {name: value for name, value in values.items() if value not in (None, "")}
    kept = {}
    if not settings.secret_fields(config) <= given.keys():
        kept = settings.unseal(ring, connection_id, row["secrets"])
    typed = settings.validate(config, {**kept, **given})
    if again := settings.to_give_again(row["settings"], kept, typed, given):
        raise ConfigError(
            f"the address leads to another server, which must not learn what is stored: "
            f"give these again: {', '.join(again)}"
        )
    await check_addresses(typed)
    plain, secret = settings.split(typed)
    await store.save_settings(
        connection, connection_id, plain, settings.seal(ring, connection_id, secret), rate_per_s
    )
    connector = find_connector(row["connector"])
    typed_in = connector.oauth is not None and not connector.oauth.ready(typed)
    # Somebody typed a token in instead; or a session was opened with what the settings were.
    if typed_in or connector.sign_in is not None:
        await grant_store.forget(connection, connection_id)


async def check_addresses(typed: Config) -> None:
    """Refuse an address of somebody's own that leads into a private network; the provider's is
    known. What is behind a name is looked at again before each connection, see
    `uzel.kit.addresses`, so one that leads nowhere yet may be saved. Raises ConfigError.
    """
    for name in settings.address_fields(type(typed)):
        address = getattr(typed, name)
        if address is not None and address != type(typed).model_fields[name].default:
            origin = origin_of(address)
            with contextlib.suppress(OSError, UnicodeError):
                await addresses.allowed(origin.host, origin.port)


async def new_key(connection: database.Connection, connection_id: int) -> str:
    """Give the connection a new webhook key; the old one stops working."""
    key = new_token("hook")
    await store.set_key(connection, connection_id, fingerprint(key))
    return key


async def adopt_environment(
    connection: database.Connection, ring: KeyRing, environment: Mapping[str, str]
) -> list[str]:
    """Make the default connection of each connector whose documented variables are set and that
    has no connection yet. Returns the connectors concerned. Variables that make no connection are
    told in the log: one provider set up by halves keeps no other from working.
    """
    adopted = []
    for connector in connectors().values():
        values: dict[str, Any] = {**values_of(connector, environment)}
        if not values or await store.names_of(connection, connector.name):
            continue
        try:
            if (wrong := wrong_with(connector, values)) is not None:
                raise ConfigError(wrong)
            await add(connection, ring, connector.name, "default", values)
        except ConfigError as error:
            log.warning("no connection to %s was made: %s", connector.title, error)
        else:
            adopted.append(connector.name)
    return adopted
