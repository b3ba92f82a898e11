"""What the commands about mirrors of a registry do."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.app import Parts
from uzel.cli.connections import find
from uzel.cli.recipients import me
from uzel.cli.registry_work import business_named
from uzel.connections.registry import Active
from uzel.errors import CallFailed, ConfigError
from uzel.flows.lead_deals.known import Known
from uzel.flows.registry_deals import mirror_store, switching
from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.flows.registry_deals.told import Told
from uzel.kit.database import Connection
from uzel.people.store import note
from uzel.views import mirrors_store

Result = dict[str, Any]
MOST_DAYS = 3650
MOST_SHOWN = 20


async def switch_on(parts: Parts, parsed: argparse.Namespace, deals: Sequence[str]) -> Result:
    """Begin, or change how it is done; with `--dry-run` only tell. Raises ConfigError."""
    crm, source = crm_named(parts, parsed.crm), source_named(parts, parsed)
    if not 0 <= parsed.days <= MOST_DAYS:
        raise ConfigError(f"--days {parsed.days}: 0 to {MOST_DAYS} are possible")
    stage, settings = await settings_of(parts, crm, parsed, deals)
    since = datetime.now(UTC) - timedelta(days=parsed.days)
    async with parts.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            business_id = await business_named(connection, parsed.business)
            switched = await switching.switch_on(
                *(connection, business_id, source, crm, settings, since, me()),
                dry=parsed.dry_run,
            )
            if not parsed.dry_run:
                await note(connection, me(), "registry.mirror_on", crm.title, {"stage": stage})
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.rollback() if parsed.dry_run else transaction.commit())
    return {
        "from": source.title if source else "the registry",
        "crm": crm.title,
        "stage": stage,
        "since": switched.mirror["since"],
        "earlier": "as soon as it was asked" if switched.count is None else f"{switched.count}",
        "example": preview(switched.example) if switched.example else [],
    }


def preview(told: Told) -> list[str]:
    """A deal as it would be made, line by line."""
    price = f", {told.price}" if told.price is not None else ""
    return [f"  {told.deal_name}{price}", *(f"  | {it}" for it in told.first_note().splitlines())]


def crm_named(parts: Parts, text: str) -> Active:
    """Raises ConfigError."""
    active: Active = find(parts, text)
    if "create_leads" not in active.connector.operations:
        raise ConfigError(f"{text} is no CRM that deals are made in")
    if active.config is None:
        raise ConfigError(f"{text} cannot be used: {active.state_reason}")
    return active


def source_named(parts: Parts, parsed: argparse.Namespace) -> Active | None:
    """The vtiger that is read, None for the registry itself. Raises ConfigError."""
    if parsed.source is None:
        return None
    active: Active = find(parts, parsed.source)
    if "sync" not in active.connector.operations:
        raise ConfigError(f"{parsed.source} is no vtiger")
    return active


async def settings_of(
    parts: Parts, crm: Active, parsed: argparse.Namespace, deals: Sequence[str]
) -> tuple[str, MirrorSettings]:
    """(where deals begin, for people; the settings). Raises ConfigError."""
    values: Result = {"deals": tuple(deals), "responsible_user_id": parsed.responsible}
    if parsed.stage is None:
        return "the account's first stage", MirrorSettings.model_validate(values)
    try:
        answer = await parts.reach.ask(crm, crm.connector.operations["pipelines"], {})
    except CallFailed as error:
        raise ConfigError(f"{crm.title} does not tell its stages: {error}") from error
    known = Known.of([], answer.data["pipelines"])
    stage = known.stage(parsed.stage)
    if stage is None:
        there = "; ".join(
            f"{pipeline.name}/{it.name}" for pipeline in known.pipelines for it in pipeline.stages
        )
        raise ConfigError(f"there is no stage {parsed.stage}; there are: {there}")
    values |= {"pipeline_id": stage.pipeline_id, "status_id": stage.status_id}
    return parsed.stage, MirrorSettings.model_validate(values)


async def switch_off(parts: Parts, parsed: argparse.Namespace) -> None:
    """Raises ConfigError."""
    async with parts.pool.acquire() as connection, connection.transaction():
        mirror = await the_mirror(parts, connection, parsed)
        await mirror_store.set_state(connection, mirror["id"], "off")
        await note(connection, me(), "registry.mirror_off", str(mirror["id"]), {})


async def shown(parts: Parts, parsed: argparse.Namespace) -> list[tuple[Any, list[Any]]]:
    """All mirrors of a business, each with what waits for a person."""
    async with parts.pool.acquire() as connection:
        business_id = await business_named(connection, parsed.business)
        return [
            (mirror, await mirrors_store.stuck(connection, mirror["id"], MOST_SHOWN))
            for mirror in await mirrors_store.mirrors(connection, business_id)
        ]


async def retry(parts: Parts, parsed: argparse.Namespace) -> int:
    """How many are tried anew. Raises ConfigError."""
    async with parts.pool.acquire() as connection, connection.transaction():
        mirror = await the_mirror(parts, connection, parsed)
        tried = await switching.retry(connection, mirror, parsed.number)
        if parsed.number is not None and not tried:
            raise ConfigError(f"{parsed.number} does not wait for a person")
        await note(connection, me(), "registry.mirror_retry", str(mirror["id"]), {})
    return tried


async def the_mirror(parts: Parts, connection: Connection, parsed: argparse.Namespace) -> Any:
    """Of a registry. Raises ConfigError."""
    business_id = await business_named(connection, parsed.business)
    source = source_named(parts, parsed)
    mirror = await mirror_store.of_source(connection, business_id, source.id if source else None)
    if mirror is None:
        raise ConfigError("it is mirrored nowhere")
    return mirror
