"""An event as flows see it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from uzel.connections.registry import Active
from uzel.connector import Element
from uzel.kit.database import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """A domain event that is new. `element` is what its connector read."""

    id: int
    connection: Active
    element: Element
    received_at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a flow did about an event: `request`, `skip`, `cancel` or `noted`, and why."""

    event_id: int
    decision: str
    reason: str | None = None


Flow = Callable[[Connection, Sequence[Event]], Awaitable[Sequence[Decision]]]
