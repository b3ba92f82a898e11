"""What request handlers work with."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from uzel.calls.closing import Owner
from uzel.calls.reach import Reach
from uzel.connections.registry import Registry
from uzel.events.door import Door
from uzel.events.receive import Receiver
from uzel.kit import database
from uzel.kit.secrets import KeyRing
from uzel.kit.settings import Settings
from uzel.partners.exchange import rates_in_force
from uzel.partners.payments import Rates
from uzel.web.partner.parts import PartnerParts


@dataclass(slots=True)
class Deps:
    """Made once by the web process; lies in `request.app.state.deps`.

    refused   requests that went no further than the protocol, by status
    rates     the exchange rates that partners pay at
    partners  what both addresses of the partner API work with
    stopping  whether the process is about to end: what streams for ever has to end first
    """

    settings: Settings
    pool: database.Pool
    ring: KeyRing
    registry: Registry
    reach: Reach
    receiver: Receiver
    door: Door
    owners: Mapping[str, Owner]
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    stopping: Callable[[], bool] = lambda: False
    rates: Rates = rates_in_force
    partners: PartnerParts = field(init=False)

    def __post_init__(self) -> None:
        self.partners = PartnerParts.over(self.pool, self.rates)


def deps_of(request: Request) -> Deps:
    """The parts this request may use."""
    deps: Deps = request.app.state.deps
    return deps
