"""Which connection carries a message, and what to do where none can."""

import os
from collections.abc import Iterable

from uzel.connections.environment import needed, values_of, wrong_with
from uzel.connections.registry import Active, Registry
from uzel.connector import Connector
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.flows.review_requests.letters import offers
from uzel.messages.draft import Letter, taken_by
from uzel.messaging.content import EMAIL, SMS, TEMPLATE, WHATSAPP, Content
from uzel.model.rules import Rules
from uzel.model.sms_text import count_segments

NAMES = {SMS: "SMS", WHATSAPP: "WhatsApp", TEMPLATE: "WhatsApp templates", EMAIL: "e-mail"}


def choose(registry: Registry, business_id: int, channel: str, via: str | None) -> Active:
    """The first connection that works and has the channel: of the business, or of those meant by
    `via` (a connector's name, a connection's name or number). Raises ConfigError that says what to
    do.
    """
    meant = named(registry, business_id, via) if via is not None else of(registry, business_id)
    able = [active for active in meant if offers(active, channel)]
    working = [active for active in able if active.state == "active" and active.config is not None]
    if working:
        return working[0]
    raise ConfigError(" ".join(why_none(registry, channel, meant, able)))


def of(registry: Registry, business_id: int) -> list[Active]:
    """The connections of a business, oldest first."""
    return [active for active in registry.all() if active.business_id == business_id]


def named(registry: Registry, business_id: int, via: str) -> list[Active]:
    """The connections meant, those of the business first. Raises ConfigError if there is none."""
    found = [
        active
        for active in registry.all()
        for connector in [active.connector.name]
        if via in (connector, active.name, f"{connector}/{active.name}", str(active.id))
    ]
    if not found:
        there = [f"{active.connector.name}/{active.name}" for active in registry.all()]
        known = [how_to(connectors()[via])] if via in connectors() else []
        told = f"there is no connection {via}; there are: {', '.join(there) or 'none'}."
        raise ConfigError(" ".join([told, *known]))
    return sorted(found, key=lambda active: active.business_id != business_id)


def why_none(
    registry: Registry, channel: str, meant: Iterable[Active], able: Iterable[Active]
) -> Iterable[str]:
    """Sentences: what there is that does not work, and what to set."""
    yield f"{NAMES[channel]} is off: nothing was sent."
    idle = list(able)
    for active in idle:
        reason = f" ({active.state_reason})" if active.state_reason else ""
        yield f"{active.title} is {active.state}{reason}."
    yield from (switched_off(active, channel) for active in meant if lacks(active, channel))
    if not idle:
        having = {active.connector.name for active in registry.all()}
        for connector in sorted(connectors().values(), key=lambda known: not needed(known)):
            if is_ready_for(connector, channel) and connector.name not in having:
                yield how_to(connector)


def is_ready_for(connector: Connector, channel: str) -> bool:
    """Whether a connection of this kind has the channel unless somebody switches it off."""
    found = connector.channels.get(channel)
    if found is None:
        return False
    return found.needs is None or bool(connector.config.model_fields[found.needs].default)


def lacks(active: Active, channel: str) -> bool:
    """Whether only a setting keeps this connection from having the channel."""
    return channel in active.connector.channels and not offers(active, channel)


def switched_off(active: Active, channel: str) -> str:
    """The setting to turn on."""
    setting = active.connector.channels[channel].needs or ""
    title = active.connector.config.model_fields[setting].title or setting
    return f"{active.title} has it switched off: see its setting {setting} («{title}»)."


def how_to(connector: Connector) -> str:
    """How a connection comes about, as far as this process's environment tells."""
    values = values_of(connector, os.environ)
    wrong = wrong_with(connector, values) if values else None
    if wrong is not None:
        return f"{connector.title}: {wrong}."
    if values:
        return f"{connector.title}: its variables are set; run `uzel migrate` to have them adopted."
    add = f"`uzel connection add {connector.name}`"
    if not (variables := needed(connector)):
        return f"{connector.title}: {add}."
    return f"{connector.title}: set {' and '.join(variables)} and run `uzel migrate`, or {add}."


def letter_via(active: Active, content: Content, rules: Rules) -> Letter:
    """The message as this connection's operation takes it. Raises ConfigError for what its provider
    has no place for.
    """
    name = active.connector.channels[content.channel].operation
    operation = active.connector.operations[name]
    channel = WHATSAPP if content.channel == TEMPLATE else content.channel
    if unknown := [name for name in content.arguments if name not in operation.arguments]:
        raise ConfigError(f"{active.connector.title} takes no {', '.join(unknown)}")
    rate = rules.rate(channel, content.region)
    parts = count_segments(content.body).segments if channel == SMS else 1
    return Letter(
        channel=channel,
        connection_id=active.id,
        operation=name,
        arguments=content.arguments,
        address=content.address,
        body=content.body,
        subject=content.subject,
        estimate_minor=None if rate is None else rate * parts,
        currency=rules.currency if rate is not None else None,
        takes=taken_by(operation),
    )
