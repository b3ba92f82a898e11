"""Entering the address of a hook at its provider, through the provider's own API.

Not through the journal of calls: the address carries the key, which is stored nowhere.
"""

from dataclasses import dataclass
from enum import StrEnum

from uzel.calls.reach import Reach
from uzel.connections.registry import Active
from uzel.errors import CallFailed, ConfigError
from uzel.kit.public_address import leads_inside
from uzel.kit.settings import Settings


class Obstacle(StrEnum):
    """Why an address cannot be registered."""

    BY_HAND = "the provider offers no way to do it for you"
    OFF = "the connection is off"
    SETTINGS = "the settings of the connection cannot be read"
    NO_ADDRESS = "UZEL_PUBLIC_URL is not set, so there is no address the provider could reach"
    INSIDE = "UZEL_PUBLIC_URL leads to this machine or its network only"


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of it. `text` is what the provider said, empty where all is well."""

    good: bool
    text: str = ""


def obstacle(active: Active, settings: Settings) -> Obstacle | None:
    """What stands in the way. A sandbox on this machine reaches what is inside."""
    if active.connector.register is None or active.connector.webhook is None:
        return Obstacle.BY_HAND
    if active.config is None:
        return Obstacle.SETTINGS
    if active.state == "off":
        return Obstacle.OFF
    theirs = str(getattr(active.config, "base_url", ""))
    if leads_inside(settings.url) and not leads_inside(theirs):
        return Obstacle.INSIDE if settings.public_url else Obstacle.NO_ADDRESS
    return None


async def register(active: Active, reach: Reach, url: str) -> Registered:
    """Ask the provider to post to `url`. Never raises what a provider can cause."""
    ask = active.connector.register
    assert ask is not None
    try:
        await ask(reach.client(active), await reach.config(active), url)
    except (CallFailed, ConfigError) as error:
        return Registered(False, str(error))
    return Registered(True)
