"""What the commands about deals of a CRM do."""

import argparse
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from uzel.app import Parts
from uzel.cli.connections import find
from uzel.cli.lead_crm import MANY, ONE
from uzel.cli.recipients import me
from uzel.connections import store as connections_store
from uzel.connections.registry import Active
from uzel.errors import CallFailed, ConfigError
from uzel.flows.lead_deals import begin, crm_store, report_store
from uzel.flows.lead_deals.known import Known
from uzel.flows.lead_deals.propose import preview, proposed
from uzel.flows.lead_deals.settings import NOW, TOLD, LeadSettings
from uzel.people.store import note

Result = dict[str, Any]
NONE = "none"
# The connector's setting that has it tell of deals.
SWITCH = "payment_links"


async def crm(parts: Parts, parsed: argparse.Namespace) -> Result:
    """Show the settings of one CRM, or change them. Raises ConfigError."""
    active = find(parts, parsed.connection)
    if "fill_deal" not in active.connector.operations:
        raise ConfigError(f"{parsed.connection} is no CRM whose deals can be filled")
    rows = await crm_store.some(parts.pool, [active.id])
    before = rows[0]["settings"] if rows else {}
    known = await asked(parts, active)
    settings = changed(before, parsed)
    if parsed.propose:
        settings = proposed(known, settings)
    kept = settings.model_dump(mode="json", exclude_defaults=True)
    is_on = bool(getattr(active.config, SWITCH, False))
    saves = is_change(parsed) and not parsed.dry_run
    if saves:
        await save(parts, active, kept, known)
    link = [] if known.field(settings.link_field) else [settings.link_field]
    return {
        "connection": f"{active.connector.name}/{active.name}",
        "settings": settings.model_dump(mode="json"),
        "missing": [*link, *known.missing(settings)],
        "example": preview(known, settings),
        "saved": saves,
        "switched_on": saves and not is_on,
    }


def is_change(parsed: argparse.Namespace) -> bool:
    """Whether anything was typed beside the connection; else it is only shown."""
    names = (*ONE.values(), *(name for name, _ in MANY.values()), "map", "static", "date_field")
    return parsed.propose or any(getattr(parsed, name) not in (None, []) for name in names)


async def save(parts: Parts, active: Active, kept: Result, known: Known) -> None:
    """Write it down, and have the connector tell of deals from now on."""
    async with parts.pool.acquire() as connection, connection.transaction():
        await crm_store.save(connection, active.id, kept)
        told = known.model_dump(mode="json")
        await crm_store.learn(connection, active.id, told, datetime.now(UTC))
        await connections_store.set_setting(connection, active.id, SWITCH, value=True)
        await note(connection, me(), "change", f"lead_crm:{active.id}", {"settings": kept})


async def asked(parts: Parts, active: Active) -> Known:
    """The account's fields and stages, now. Raises ConfigError."""
    found: list[Any] = []
    for name, part in (("lead_fields", "fields"), ("pipelines", "pipelines")):
        try:
            answer = await parts.reach.ask(active, active.connector.operations[name], {})
        except CallFailed as error:
            raise ConfigError(f"{active.title} does not tell its {part}: {error}") from error
        found.append(answer.data[part])
    return Known.of(*found)


def changed(before: Result, parsed: argparse.Namespace) -> LeadSettings:
    """The settings with what was typed. Raises ConfigError."""
    wanted: Result = dict(before)
    for name in ONE.values():
        if (typed := getattr(parsed, name)) is not None:
            wanted[name] = typed
    if wanted.get("final") in ("", NONE):
        del wanted["final"]
    for name, _ in MANY.values():
        if (given := getattr(parsed, name)) is not None:
            wanted[name] = [text for text in given if text not in ("", NONE)]
    fields = {**wanted.get("fields", {}), **dict(pair(text) for text in parsed.map)}
    if unknown := sorted(fields.keys() - set(TOLD)):
        raise ConfigError(f"--map {unknown[0]}=…: there are {', '.join(TOLD)}")
    static = {**dict(wanted.get("static", ())), **dict(pair(text) for text in parsed.static)}
    if parsed.date_field:
        static[parsed.date_field] = NOW
    wanted["fields"] = {name: value for name, value in fields.items() if value}
    wanted["static"] = [(name, value) for name, value in static.items() if value]
    try:
        return LeadSettings.model_validate(wanted)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{first['loc'][0]}: {first['msg']}") from None


def pair(text: str) -> tuple[str, str]:
    """`FIELD=VALUE`. Raises ConfigError."""
    name, equals, value = text.partition("=")
    if not name.strip() or not equals:
        raise ConfigError(f"{text!r} is not of the form NAME=VALUE")
    return name.strip(), value.strip()


async def retry(parts: Parts, report: str) -> Result:
    """Have a report written once more. Raises ConfigError."""
    async with parts.pool.acquire() as connection, connection.transaction():
        number = await begin.retry(connection, report)
        await note(connection, me(), "retry", f"lead_report:{number}", {})
        row = await report_store.named(connection, report)
    return {"report": report, "crm_state": row["crm_state"], "crm_message": row["crm_message"]}
