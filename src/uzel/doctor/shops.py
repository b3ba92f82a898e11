"""Kaspi orders that become deals: what is still to be set up, and how it goes."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from uzel.connections import grant_store
from uzel.connections.environment import values_of
from uzel.connections.grants import CALLBACK
from uzel.connections.registry import Active, Registry
from uzel.connectors import connectors
from uzel.doctor.finding import Finding, good, warning, wrong
from uzel.errors import ConfigError
from uzel.flows.kaspi_orders import shop_store
from uzel.flows.kaspi_orders.environment import (
    COUNTRY,
    CRM,
    SOURCE,
    settings_of,
    wrong_country,
)
from uzel.kit.database import Pool
from uzel.kit.settings import Settings
from uzel.views.shops import tasks_of

SHORTEST_SECRET = 16
NOTHING = "No order becomes a deal."
LATE = "Orders become deals late, or not at all, until this is mended."


def of_environment(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that make half of a shop, or none."""
    secret = settings.cron_secret
    if secret is not None and len(secret) < SHORTEST_SECRET:
        meaning = "Whoever guesses it can have orders fetched again and again."
        advice = "Take a longer one: openssl rand -hex 16"
        yield warning("cron", "CRON_SECRET is short", meaning, advice)
    known = connectors()
    if not values_of(known[SOURCE], environment):
        return
    if not values_of(known[CRM], environment):
        advice = "Set AMO_SUBDOMAIN and AMO_ACCESS_TOKEN (or AMO_CLIENT_ID, AMO_CLIENT_SECRET)."
        yield warning("shop", "KASPI_API_TOKEN is set and no AMO_* is", NOTHING, advice)
    try:
        settings_of(environment)
    except ConfigError as error:
        yield wrong("shop", str(error), NOTHING, "Mend the variable and start Uzel again.")
    if (country := wrong_country(environment)) is not None:
        meaning = "Phones are read as those of Kazakhstan, where Kaspi's buyers are."
        yield warning("shop", f"{COUNTRY}={country} is not taken", meaning, f"Set {COUNTRY}=KZ.")


async def of_shops(settings: Settings, pool: Pool, registry: Registry) -> AsyncIterator[Finding]:
    """Every shop, and connections of marketplaces that have none."""
    for finding in of_environment(settings, os.environ):
        yield finding
    shops = await shop_store.every(pool)
    served = {shop["source_id"] for shop in shops}
    for active in registry.all():
        if active.connector.poll is not None and active.id not in served:
            what = f"{active.connector.name}/{active.name} has no shop"
            yield warning("shop", what, NOTHING, "Make one: console, Заказы.")
    for active in registry.all():
        if (without := await of_access(settings, pool, active)) is not None:
            yield without
    for shop in shops:
        for told in await of_shop(pool, shop):
            yield told


async def of_access(settings: Settings, pool: Pool, active: Active) -> Finding | None:
    """A connection whose owner has still to agree, or has to once more."""
    oauth, config = active.connector.oauth, active.config
    if active.state == "off" or config is None or oauth is None or not oauth.ready(config):
        return None
    grant = await grant_store.load(pool, active.id)
    reason = grant["revoked_reason"] if grant is not None else "nobody has granted it yet"
    if reason is None or (grant is None and oauth.adopt(config) is not None):
        return None
    press = "Подключить" if grant is None else "Подключить заново"
    advice = (
        f"Press «{press}» on {settings.url}/connections/{active.id}. The redirect address of the "
        f"integration has to be {settings.url}{CALLBACK}"
    )
    if not settings.url.startswith("https://"):
        advice = (
            "First set UZEL_PUBLIC_URL and start Uzel again: amoCRM sends people back by https "
            f"only. {advice}"
        )
    what = f"no access: {reason}"
    check = f"connection {active.connector.name}/{active.name}"
    meaning = "Nothing is read or made there; what is planned waits."
    return wrong(check, what, meaning, advice)


async def of_shop(pool: Pool, shop: Any) -> list[Finding]:
    """The state of one shop and what went wrong with its tasks."""
    check = f"shop {shop['id']}"
    resume = f"uzel kaspi resume --shop {shop['id']}"
    if shop["state"] == "off":
        meaning = "No orders are fetched, no deals are made."
        return [warning(check, "switched off", meaning, f"Look at its settings, then: {resume}")]
    found = []
    if shop["state"] == "paused":
        meaning = "Orders are fetched, but no deals are made."
        found.append(warning(check, "paused", meaning, resume))
    for name, task in (await tasks_of(pool, shop["id"])).items():
        if task.problem is not None:
            what = f"{name} fails: {task.problem}"
            advice = f"See the connection; then: uzel kaspi {COMMANDS[name]}"
            found.append(wrong(check, what, LATE, advice))
        found += of_proof(check, task.found) if name == "proof" else []
    return found or [good(check, "on, and its tasks go well")]


def of_proof(check: str, proof: Mapping[str, Any]) -> list[Finding]:
    """What the last proof found wanting and still is."""
    if doubles := proof.get("doubles"):
        orders = "1 order has" if len(doubles) == 1 else f"{len(doubles)} orders have"
        what = f"{orders} several deals: {', '.join(doubles[:3])}"
        meaning = "Somebody copied them, or another program makes deals of the same orders."
        advice = "Stop the other program, and delete what is too much in amoCRM."
        return [warning(check, what, meaning, advice)]
    if missing := proof.get("missing"):
        deals = "1 deal is" if len(missing) == 1 else f"{len(missing)} deals are"
        what = f"{deals} gone from amoCRM: {', '.join(missing[:3])}"
        return [warning(check, what, "They are looked at once more.", "See the console, Заказы.")]
    return []


COMMANDS = {"fetch": "fetch-new", "reconcile": "reconcile", "proof": "proof"}
