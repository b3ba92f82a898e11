"""How things stand with the access that an OAuth server grants to a connection."""

from dataclasses import dataclass
from datetime import datetime

from uzel.connections import grant_store
from uzel.connections.registry import Active
from uzel.web.console.desk import Desk


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a connection may be used. kind: token (somebody typed one in), none (not granted
    yet), granted, revoked (to be granted anew).
    """

    kind: str
    until: datetime | None = None
    reason: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether there is access."""
        return self.kind in ("token", "granted")


async def access_of(desk: Desk, active: Active) -> Access:
    """How things stand with the access of a connection."""
    oauth = active.connector.oauth
    if oauth is None or active.config is None or not oauth.ready(active.config):
        return Access("token")
    row = await grant_store.load(desk.deps.pool, active.id)
    if row is None:
        return Access("token" if oauth.adopt(active.config) else "none")
    if row["revoked_reason"] is not None:
        return Access("revoked", reason=row["revoked_reason"])
    return Access("granted", until=row["expires_at"])
