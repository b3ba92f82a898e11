"""What requests of programs are worked on with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Active, Registry
from uzel.kit.database import Pool
from uzel.kit.secrets import KeyRing
from uzel.payouts.programs.asked import Asker

CONNECTOR = "konsol"


class Refusal(Exception):
    """It is not done. `code` for programs; `about`: what they may want to know beside it."""

    def __init__(self, code: str, about: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.about = about or {}


@dataclass(frozen=True, slots=True)
class Means:
    """Those of one process."""

    pool: Pool
    ring: KeyRing
    registry: Registry
    reach: Reach

    def through(self, asker: Asker) -> Active:
        """The connection that an asker's payouts go through. Raises Refusal."""
        found = [
            it
            for it in self.registry.all()
            if it.connector.name == CONNECTOR
            and it.state != "off"
            and asker.connection_id in (None, it.id)
        ]
        if not found:
            raise Refusal("payouts_off")
        if len(found) > 1:
            raise Refusal("connection_ambiguous")
        return found[0]
