"""What a CRM is asked next for the mirrors that make deals in it."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from uzel.calls.plan import Plan, plan
from uzel.entities import contacts
from uzel.entities import store as entities
from uzel.entities.store import CONTACTS
from uzel.entities.together import MOST_TOGETHER, SEARCHES
from uzel.flows.registry_deals import asks, mirror_store
from uzel.flows.registry_deals import item_store as store
from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.kit.database import Connection, Pool

WAKE = "mirrors"
WANTED_AT_ONCE = 500


async def advance(pool: Pool, crm_id: int) -> None:
    """Plan what is due for one CRM; handler of the job `WAKE`."""
    async with pool.acquire() as connection, connection.transaction():
        await plan_next(connection, crm_id)


async def plan_next(connection: Connection, crm_id: int) -> None:
    """The same in the caller's transaction."""
    await entities.lock_crm(connection, crm_id)
    plans: list[Plan] = []
    mirrors = await mirror_store.of_crm(connection, crm_id)
    for mirror in mirrors:
        settings = MirrorSettings.model_validate(mirror["settings"])
        await want_people(connection, mirror)
        plans += await find(connection, mirror)
        plans += await make(connection, mirror, settings)
        plans += await write_notes(connection, mirror)
    if mirrors:
        first = MirrorSettings.model_validate(mirrors[0]["settings"])
        plans += await contacts.plans(connection, crm_id, asks.OWNER, first.responsible_user_id)
    await plan(connection, plans)


async def want_people(connection: Connection, mirror: Any) -> None:
    """Have those looked for whom deals wait for."""
    rows = await store.wanted_people(connection, mirror, WANTED_AT_ONCE)
    wanted = {
        row["phone"]: {name: row["told"][name] or None for name in ("first_name", "last_name")}
        for row in rows
    }
    crm_id = mirror["crm_id"]
    await entities.want(
        connection, [(crm_id, CONTACTS, phone, data) for phone, data in wanted.items()]
    )


async def find(connection: Connection, mirror: Any) -> list[Plan]:
    """Look for deals that may be there."""
    ids = await store.to_find(connection, mirror["id"], SEARCHES)
    rows = await store.take(connection, ids, ("finding", "finding"), None)
    return [asks.find_deal(mirror["crm_id"], row["batch"], row) for row in rows]


async def make(connection: Connection, mirror: Any, settings: MirrorSettings) -> list[Plan]:
    """Make the deals that can be made. Who has no contact because the CRM refuses it, waits for a
    person.
    """
    plans: list[Plan] = []
    while rows := await store.ready(connection, mirror["id"], MOST_TOGETHER):
        refused = [row for row in rows if row["contact_state"] == "refused"]
        for row in refused:
            why = f"contact: {row['contact_reason'] or ''}"
            await store.set_step(connection, row["id"], "stuck", why)
        if refused:
            continue
        together = those_together(rows)
        batch = await entities.next_batch(connection)
        ids = [row["id"] for row in together]
        await store.take(connection, ids, ("waiting", "making"), batch)
        plans.append(asks.create_deals(mirror["crm_id"], batch, together, settings))
    return plans


async def write_notes(connection: Connection, mirror: Any) -> list[Plan]:
    """Write into deals what has changed since."""
    plans: list[Plan] = []
    while rows := await store.to_note(connection, mirror["id"], MOST_TOGETHER):
        together = those_together(rows)
        batch = await entities.next_batch(connection)
        await store.noting(connection, [row["id"] for row in together], batch)
        plans.append(asks.add_notes(mirror["crm_id"], batch, together))
    return plans


def those_together(rows: Sequence[Any]) -> list[Any]:
    """The first that may share a call: of those that were refused together before, fewer."""
    most = rows[0]["together"]
    return list(takewhile(lambda row: row["together"] == most, rows))[:most]
