"""A connection's settings between the database, where secret fields are sealed, and its type."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from pydantic import SecretStr, ValidationError

from uzel.connector import Config
from uzel.errors import ConfigError
from uzel.kit.secrets import KeyRing
from uzel.model.address import AddressRejected, IsAddress, origin_of


def secret_fields(config: type[Config]) -> frozenset[str]:
    """Names of the fields that must never be stored or shown in the clear."""
    return frozenset(
        name for name, field in config.model_fields.items() if "SecretStr" in str(field.annotation)
    )


def address_fields(config: type[Config]) -> frozenset[str]:
    """Names of the fields that say where requests go."""
    return frozenset(
        name
        for name, field in config.model_fields.items()
        if any(isinstance(mark, IsAddress) for mark in field.metadata)
    )


def to_give_again(
    old: Mapping[str, Any], kept: Collection[str], new: Config, given: Collection[str]
) -> list[str]:
    """Names of secrets that the settings `new` would send to another server than the stored ones.

    Once scheme, host or port of an address changes, whoever typed it has to know the secrets, or
    the address would be a way to read them. `kept` are the secrets stored, `given` what was typed.
    """
    config = type(new)
    moved = any(
        not same_origin(old.get(name, config.model_fields[name].default), getattr(new, name))
        for name in address_fields(config)
    )
    return sorted(set(kept) - set(given)) if moved else []


def same_origin(before: object, after: object) -> bool:
    """Whether requests to these two addresses are read by the same server."""
    try:
        return before == after or origin_of(str(before)) == origin_of(str(after))
    except AddressRejected:  # written down before addresses were checked
        return False


def validate(config: type[Config], values: dict[str, Any]) -> Config:
    """Typed settings from plain values. Raises ConfigError naming wrong fields, never a value."""
    try:
        return config.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise ConfigError(wrong) from None


def split(config: Config) -> tuple[dict[str, Any], dict[str, str]]:
    """(open settings, secret ones in the clear), both JSON-ready."""
    hidden = secret_fields(type(config))
    settings = config.model_dump(mode="json", exclude=set(hidden), exclude_none=True)
    secrets = {
        name: value.get_secret_value()
        for name in hidden
        if isinstance(value := getattr(config, name), SecretStr)
    }
    return settings, secrets


def seal(ring: KeyRing, connection_id: int, secrets: dict[str, str]) -> bytes | None:
    """What the database keeps of the secret fields."""
    return ring.seal(orjson.dumps(secrets), place(connection_id)) if secrets else None


def unseal(ring: KeyRing, connection_id: int, sealed: bytes | None) -> dict[str, str]:
    """The secret fields again. Raises ConfigError."""
    if sealed is None:
        return {}
    opened: dict[str, str] = orjson.loads(ring.open(sealed, place(connection_id)))
    return opened


def place(connection_id: int) -> str:
    """The associated data that binds sealed secrets to their row."""
    return f"connection/{connection_id}/secrets"
