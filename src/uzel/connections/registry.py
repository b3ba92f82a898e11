"""The connections a process works with: typed, decrypted, in memory, and never long out of date."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from uzel.connections import config as settings
from uzel.connections import store
from uzel.connector import Config, Connector
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.secrets import KeyRing, fingerprint

log = logging.getLogger("uzel.connections")

REFRESH_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Active:
    """One connection, ready for use. `config` is None where its settings cannot be read: it counts
    as paused then, unless it is off, and `state_reason` says why.
    """

    id: int
    business_id: int
    connector: Connector
    name: str
    config: Config | None
    rate_per_s: float
    state: str
    state_reason: str | None
    key_hash: bytes | None

    @property
    def title(self) -> str:
        """For people: the connector and the name."""
        return f"{self.connector.title} · {self.name}"


class Registry:
    """All connections by id and by the fingerprint of their webhook key; `known` are the connectors
    there are.
    """

    def __init__(
        self,
        pool: database.Pool,
        ring: KeyRing,
        known: Mapping[str, Connector] | None = None,
    ) -> None:
        self._pool = pool
        self._ring = ring
        self._known = connectors() if known is None else known
        self._version: Any = None
        self._by_id: dict[int, Active] = {}
        self._by_key: dict[tuple[str, bytes], Active] = {}

    @property
    def ring(self) -> KeyRing:
        """What opens the secrets of connections."""
        return self._ring

    def get(self, connection_id: int) -> Active | None:
        """The connection with this id."""
        return self._by_id.get(connection_id)

    def all(self) -> Iterable[Active]:
        """Every connection, oldest first."""
        return self._by_id.values()

    def unreadable(self) -> dict[int, str]:
        """Connections that cannot be used although nobody paused them, since their settings or
        secrets cannot be read: id → why. The database knows nothing of it.
        """
        return {
            active.id: active.state_reason or ""
            for active in self.all()
            if active.config is None and active.state != "off"
        }

    def by_key(self, connector: str, key: str) -> Active | None:
        """The connection this webhook key belongs to. Looks up a fingerprint, so the time it takes
        tells nothing about how much of a wrong key was right.
        """
        return self._by_key.get((connector, fingerprint(key)))

    async def refresh(self) -> None:
        """Load again if anything changed. Raises what a lost database raises."""
        version = await store.version(self._pool)
        if version == self._version:
            return
        active = [a for row in await store.load(self._pool) if (a := self._activate(row))]
        self._by_id = {item.id: item for item in active}
        self._by_key = {
            (item.connector.name, item.key_hash): item
            for item in active
            if item.key_hash is not None and item.state != "off"
        }
        self._version = version

    async def keep_fresh(self) -> None:
        """Refresh for ever; a lost database leaves the last known state in use."""
        while True:
            await asyncio.sleep(REFRESH_EVERY_S)
            try:
                await self.refresh()
            except database.LOST as error:
                log.warning("connections not refreshed: %s", type(error).__name__)
            except Exception:  # a loop that ended would leave revoked keys in use for ever
                log.exception("connections not refreshed")

    def _activate(self, row: Any) -> Active | None:
        connector = self._known.get(row["connector"])
        if connector is None:
            log.error("no connector is called %s", row["connector"])
            return None
        config, reason = self._configure(connector, row)
        return Active(
            id=row["id"],
            business_id=row["business_id"],
            connector=connector,
            name=row["name"],
            config=config,
            rate_per_s=row["rate_per_s"] or connector.rate_per_s,
            state=row["state"] if config is not None or row["state"] == "off" else "paused",
            state_reason=row["state_reason"] if config is not None else reason,
            key_hash=row["key_hash"],
        )

    def _configure(self, connector: Connector, row: Any) -> tuple[Config | None, str | None]:
        try:
            secrets = settings.unseal(self._ring, row["id"], row["secrets"])
            return settings.validate(connector.config, {**row["settings"], **secrets}), None
        except ConfigError as error:
            log.error("connection %s cannot be used: %s", row["id"], error)
            return None, str(error)
