"""Mirrors switched on and off by people, and what is tried once more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.connections.registry import Active
from uzel.entities import store as entities
from uzel.entities.store import CONTACTS
from uzel.errors import ConfigError
from uzel.flows.registry_deals import item_store, own_feed
from uzel.flows.registry_deals import mirror_store as store
from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.flows.registry_deals.told import Told
from uzel.kit.database import Connection


@dataclass(frozen=True, slots=True)
class Switched:
    """count: records that get a deal at once, None where a vtiger has to be asked first; example:
    the newest of them.
    """

    mirror: Any
    count: int | None
    example: Told | None


async def switch_on(
    connection: Connection,
    business_id: int,
    source: Active | None,
    crm: Active,
    settings: MirrorSettings,
    since: datetime,
    made_by: str,
    *,
    dry: bool = False,
) -> Switched:
    """Begin, or change how it is done, in the caller's transaction. dry: who rolls it back has a
    dry run, that nobody who writes a record meanwhile waits for. source: the vtiger that is read,
    None for the registry itself. Raises ConfigError.
    """
    demand_own(business_id, crm, source)
    source_id = source.id if source else None
    before = await store.of_source(connection, business_id, source_id)
    if before is not None and before["crm_id"] != crm.id:
        raise ConfigError("it is mirrored into another CRM already: all deals would be made anew")
    kept = settings.model_dump(mode="json", exclude_defaults=True)
    # Changing how it is done takes no record out: the earlier beginning holds.
    begins = since if before is None else min(since, before["since"])
    mirror_id = await store.save(connection, business_id, source_id, crm.id, kept, begins, made_by)
    mirror = await store.one(connection, mirror_id)
    if source is not None:
        return Switched(mirror, None, None)
    count = await own_feed.count_earlier(connection, mirror)
    example = await own_feed.newest(connection, mirror) if count else None
    if not dry:
        await store.add_earlier(connection, mirror)
    return Switched(mirror, count, example)


def demand_own(business_id: int, *actives: Active | None) -> None:
    """Raises ConfigError: people of one business are nobody's of another."""
    for active in actives:
        if active is not None and active.business_id != business_id:
            raise ConfigError(f"{active.title} is a connection of another business")


async def retry(connection: Connection, mirror: Any, number: str | None = None) -> int:
    """Have what waits for a person tried once more, all of it or one record; how many."""
    rows = await item_store.retry(connection, mirror["id"], number)
    phones = [row["phone"] for row in rows if row["phone"]]
    await entities.forget(connection, mirror["crm_id"], CONTACTS, phones)
    return len(rows)
