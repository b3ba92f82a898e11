"""A connection's settings between the database, where secret fields are sealed, and its type."""

from typing import Any

import orjson
from pydantic import SecretStr, ValidationError

from uzel.connector import Config
from uzel.errors import ConfigError
from uzel.kit.secrets import KeyRing


def secret_fields(config: type[Config]) -> frozenset[str]:
    """Names of the fields that must never be stored or shown in the clear."""
    return frozenset(
        name for name, field in config.model_fields.items() if "SecretStr" in str(field.annotation)
    )


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
