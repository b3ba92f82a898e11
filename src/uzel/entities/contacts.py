"""People in a CRM, known by the phone: searched for, and made where they are not there."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.calls.effect import Effect
from uzel.calls.plan import Plan
from uzel.entities import store
from uzel.entities.store import CONTACTS
from uzel.entities.together import SEARCHES, since, to_make
from uzel.kit.database import Connection

# Kinds of effects; their ends go to `ended.on_searched` and `ended.on_made`.
SEARCH, MAKE = "contact", "contacts"


async def plans(
    connection: Connection, crm_id: int, owner: str, responsible_user_id: int | None
) -> list[Plan]:
    """What is asked next about the people that are wanted, whoever wants them; under the CRM's
    lock. `owner`: the flow that is told of the ends.
    """
    counts = await store.counts(connection, crm_id, CONTACTS)
    room = SEARCHES - counts.get("searching", 0)
    rows = await store.take_each(connection, crm_id, CONTACTS, room) if room > 0 else []
    found = [find(crm_id, Effect(owner, SEARCH, row["batch"]), row["key"]) for row in rows]
    batch, absent = await to_make(connection, crm_id, CONTACTS, counts)
    if absent:
        found.append(create(crm_id, Effect(owner, MAKE, batch), absent, responsible_user_id))
    return found


def find(crm_id: int, effect: Effect, phone: str) -> Plan:
    """Who has this phone."""
    return Plan(crm_id, "find_contacts", {"phone": phone}, str(effect))


def create(
    crm_id: int,
    effect: Effect,
    rows: Sequence[Mapping[str, Any]],
    responsible_user_id: int | None,
) -> Plan:
    """Rows of the store (key: phone) as new contacts."""
    people = [
        {
            "request_id": row["key"],
            "phone": row["key"],
            "first_name": row["data"].get("first_name"),
            "last_name": row["data"].get("last_name"),
            "responsible_user_id": responsible_user_id,
        }
        for row in rows
    ]
    arguments = {"contacts": people, "since": since()}
    return Plan(crm_id, "create_contacts", arguments, str(effect))
