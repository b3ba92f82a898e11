"""What a bot does about claims, by the settings of its connection."""

from dataclasses import dataclass
from typing import Any

from uzel.connections.registry import Active, Registry

TELEGRAM, KONSOL = "telegram", "konsol"


@dataclass(frozen=True, slots=True)
class Bot:
    """One bot.

    through    the connection that pays; None: it takes no claims
    approvers  the chat of those who decide
    amount     one for all, as it was typed; None: who asks says it
    """

    id: int
    through: int | None
    approvers: int | None
    amount: str | None
    purpose: str
    greeting: str | None
    photo: bool
    per_day: int


def bot_of(registry: Registry, active: Active) -> Bot:
    """`active`: a connection to Telegram whose settings can be read."""
    config: Any = active.config
    return Bot(
        active.id,
        through_of(registry, config.claims_through),
        config.approvers,
        config.claims_amount,
        config.claims_purpose,
        config.claims_greeting,
        config.claims_photo,
        config.claims_per_day,
    )


def through_of(registry: Registry, name: str | None) -> int | None:
    """The connection to konsol.pro of this name, unless it is off."""
    for active in registry.all():
        if active.connector.name == KONSOL and active.name == name and active.state != "off":
            return active.id
    return None


def bots(registry: Registry) -> list[Bot]:
    """All that can be used."""
    return [
        bot_of(registry, active)
        for active in registry.all()
        if active.connector.name == TELEGRAM and active.config is not None and active.state != "off"
    ]
