"""Deals of a CRM that are leads: each once, with the newest link that was told of it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from uzel.kit.database import Connection
from uzel.partners import deal_store as store

# A number that nobody else gives: for deals whose own number a partner's lead has already.
OTHER_PREFIX = "DID"


class Became(StrEnum):
    """What became of a link that was told.

    new       a lead
    changed   the lead has this link now; one that had failed is to be worked on again
    late      the lead is done: it keeps its state, and what is new stands among its steps
    same      nothing: it is the link that we know
    outdated  nothing: something newer was told before
    """

    NEW = "new"
    CHANGED = "changed"
    LATE = "late"
    SAME = "same"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Told:
    """What a CRM told of a deal. `told_at`: when the CRM changed it (aware UTC)."""

    connection_id: int
    number: str
    link: str
    told_at: datetime
    made_by: str


async def take(connection: Connection, told: Told) -> Became:
    """Make the deal a lead, or give its lead this link; in a transaction of the caller's."""
    row = await store.lock(connection, told.connection_id, told.number)
    if row is None and await add(connection, told):
        return Became.NEW
    if row is None:  # another process was quicker
        row = await store.lock(connection, told.connection_id, told.number)
    assert row is not None
    return await change(connection, row, told)


async def add(connection: Connection, told: Told) -> bool:
    """Whether the lead was made."""
    other = f"{OTHER_PREFIX}{secrets.token_hex(10).upper()}"
    for deal_id in (told.number, other):
        lead_id = await store.add(
            connection,
            f"lead_{secrets.token_hex(7)}",
            told.connection_id,
            told.number,
            deal_id,
            told.link,
            told.told_at,
        )
        if lead_id is not None:
            said = {"payment_url": told.link, "deal": told.number}
            await store.add_step(connection, lead_id, "received", said, told.made_by)
            return True
    return False


async def change(connection: Connection, row: Any, told: Told) -> Became:
    """What the link means for a lead that is there; it is locked."""
    if row["told_at"] is not None and told.told_at < row["told_at"]:
        return Became.OUTDATED
    if row["payment_url"] == told.link:
        await store.told(connection, row["id"], told.told_at)
        return Became.SAME
    state, version = await store.change(connection, row["id"], told.link, told.told_at)
    said = {"old": row["payment_url"], "new": told.link, "version": version, "state": state}
    await store.add_step(connection, row["id"], "link", said, told.made_by)
    return Became.LATE if state == "done" else Became.CHANGED
