"""Settings of an installation, read from the environment once, at the edge."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from uzel.errors import ConfigError
from uzel.kit.addresses import networks

DEFAULT_PORT = 8000
DEFAULT_DATA_DIR = ".uzel"
# The first of each is the default.
LOG_FORMATS = ("json", "text")
LOG_LEVELS = ("info", "debug", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set from outside.

    database_url  None: the embedded PostgreSQL under `data_dir`
    public_url    the address under which the outside world reaches us, without a trailing slash
    master_key    None: a key file in `data_dir`
    allow_private_addresses  networks that requests may go to beside the internet, see
                             `uzel.kit.addresses`; empty: none
    cron_secret   what the addresses for the cron of a hosting panel ask for; None: there are none
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    database_url: str | None = field(default=None, repr=False)
    public_url: str | None = None
    master_key: str | None = field(default=None, repr=False)
    log_format: str = "json"
    log_level: str = "info"
    allow_private_addresses: str = ""
    cron_secret: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where people and providers reach this installation."""
        return self.public_url or f"http://{self.host}:{self.port}"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `UZEL_*` variables and CRON_SECRET. Raises ConfigError naming the one that is
    wrong.
    """
    env = os.environ if environment is None else environment
    return Settings(
        data_dir=Path(env.get("UZEL_DATA_DIR") or DEFAULT_DATA_DIR).absolute(),
        host=env.get("UZEL_HOST") or "127.0.0.1",
        port=_port(env.get("UZEL_PORT")),
        database_url=env.get("UZEL_DATABASE_URL") or None,
        public_url=(env.get("UZEL_PUBLIC_URL") or "").rstrip("/") or None,
        master_key=env.get("UZEL_MASTER_KEY") or None,
        log_format=_one_of(env, "UZEL_LOG_FORMAT", LOG_FORMATS),
        log_level=_one_of(env, "UZEL_LOG_LEVEL", LOG_LEVELS),
        allow_private_addresses=_networks(env.get("UZEL_ALLOW_PRIVATE_ADDRESSES", "")),
        cron_secret=env.get("CRON_SECRET", "").strip() or None,
    )


def _port(value: str | None) -> int:
    if not value:
        return DEFAULT_PORT
    if not re.fullmatch("[0-9]{1,5}", value) or not 0 < int(value) < 65536:
        raise ConfigError(f"UZEL_PORT must be a number from 1 to 65535, not {value!r}")
    return int(value)


def _networks(value: str) -> str:
    networks(value)
    return value.strip()


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name, "").strip().lower() or allowed[0]
    if value not in allowed:
        raise ConfigError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value
