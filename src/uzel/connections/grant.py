"""One connection's access, as the database keeps it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from uzel.connections.registry import Active
from uzel.model.access import Access, Tokens

# A token refused so soon after its renewal is not refused for its age.
LATELY = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Grant:
    """What is known of a connection's access. `version` grows with every new pair; `early`: see
    `Access`.
    """

    tokens: Tokens
    version: int
    redirect_uri: str
    revoked_reason: str | None
    renewed_at: datetime | None = None
    early: timedelta = timedelta(0)

    @property
    def just_renewed(self) -> bool:
        """Whether another renewal would only be the next of many."""
        return self.renewed_at is not None and datetime.now(UTC) - self.renewed_at < LATELY

    @property
    def fresh(self) -> bool:
        """Whether a call may begin with it."""
        expires_at = self.tokens.expires_at
        return expires_at is None or datetime.now(UTC) < expires_at - self.early


def way_of(active: Active) -> Access | None:
    """How a connection comes by its access; None: its settings are all there is."""
    if active.config is None:
        return None
    way = active.connector.oauth or active.connector.sign_in
    return way if way is not None and way.ready(active.config) else None


def place(connection_id: int) -> str:
    """The associated data that binds sealed tokens to their row."""
    return f"oauth_grant/{connection_id}/tokens"
