"""What request handlers work with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from uzel.calls.runner import Owner
from uzel.connections.registry import Registry
from uzel.events.door import Door
from uzel.events.receive import Receiver
from uzel.kit import database
from uzel.kit.secrets import KeyRing
from uzel.kit.settings import Settings


@dataclass(slots=True)
class Deps:
    """Made once by the web process; lies in `request.app.state.deps`."""

    settings: Settings
    pool: database.Pool
    ring: KeyRing
    registry: Registry
    receiver: Receiver
    door: Door
    owners: Mapping[str, Owner]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


def deps_of(request: Request) -> Deps:
    """The parts this request may use."""
    deps: Deps = request.app.state.deps
    return deps
