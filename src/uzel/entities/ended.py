"""Contacts and goods that were searched for, or made."""

from uzel.calls.effect import Effect
from uzel.calls.ended import FINAL, answered, reason_of
from uzel.calls.outcome import Result, State
from uzel.entities import store
from uzel.entities.store import CONTACTS
from uzel.kit.database import Connection


async def on_searched(connection: Connection, effect: Effect, result: Result) -> int | None:
    """One contact or one article was searched for; gives the CRM."""
    rows = await store.in_batch(connection, effect.number)
    if not rows:
        return None
    row, data = rows[0], answered(result)
    if data is not None:
        found = data["contacts" if row["catalog_id"] == CONTACTS else "elements"]
        if found:
            first = min(entity["id"] for entity in found)
            await store.known(connection, effect.number, {row["key"]: first})
        else:
            await store.put_back(connection, effect.number, "absent")
    elif result.state in FINAL:
        await store.refuse(connection, effect.number, reason_of(result))
    else:
        await store.put_back(connection, effect.number, "wanted")
    return int(row["crm_id"])


async def on_made(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Contacts or goods were made, some of them perhaps: who is left over is searched for before
    it is made again. Gives the CRM.
    """
    rows = await store.in_batch(connection, effect.number)
    if not rows:
        return None
    data = answered(result)
    if data is not None:
        await store.known(connection, effect.number, data["ids"])
        await store.put_back(connection, effect.number, "wanted")
    elif result.state is State.REJECTED and len(rows) > 1:
        half = max(1, min(len(rows), rows[0]["together"]) // 2)
        await store.put_back(connection, effect.number, "absent", half)
    elif result.state in FINAL:
        await store.refuse(connection, effect.number, reason_of(result))
    else:
        await store.put_back(connection, effect.number, "wanted")
    return int(rows[0]["crm_id"])
