"""What is told of people and projects, taken in: new ones, changes, what is there no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.flows.registry_deals import item_store as store
from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.flows.registry_deals.told import Told
from uzel.kit.database import Connection

# Steps in which the deal may be there already, so changes are told in it.
BEGUN = ("making", "finding", "done", "stuck")


async def take(
    connection: Connection, mirror: Any, told: Sequence[Told], gone: Mapping[str, str]
) -> None:
    """All of it in the caller's transaction; the same told twice is nothing new. gone: number →
    what became of the record, in words.
    """
    settings = MirrorSettings.model_validate(mirror["settings"])
    numbers = [*(one.number for one in told), *gone]
    rows = {row["number"]: row for row in await store.known(connection, mirror["id"], numbers)}
    for one in told:
        row = rows.get(one.number)
        if row is None:
            step = "waiting" if is_wanted(mirror, settings, one) else "known"
            await store.add(connection, mirror["id"], values_of(one), step, one.first_note())
        else:
            await follow(connection, row, one, wanted=is_wanted(mirror, settings, one))
    for number, words in gone.items():
        if number in rows:
            await let_go(connection, rows[number], words)


def is_wanted(mirror: Any, settings: MirrorSettings, told: Told) -> bool:
    """Whether it gets a deal."""
    # The protocol tells of whole seconds.
    is_new = told.made_at is None or told.made_at >= mirror["since"].replace(microsecond=0)
    return is_new and told.module in settings.deals


async def follow(connection: Connection, row: Any, told: Told, *, wanted: bool) -> None:
    """A record that was told of before."""
    notes = list(row["notes"])
    if row["step"] not in BEGUN:
        notes = [told.first_note()]
    elif (changes := told.changes(row["told"])) is not None:
        notes.append(changes)
    await store.change(connection, row["id"], values_of(told), notes)
    if row["step"] == "known" and wanted:
        await store.want(connection, row["id"])


async def let_go(connection: Connection, row: Any, words: str) -> None:
    """It is there no more. Its deal stays, and says so."""
    is_stuck = row["step"] == "stuck" and row["lead_id"] is None
    if row["step"] in BEGUN and not is_stuck:
        await store.add_note(connection, row["id"], words)
    elif row["step"] == "waiting" or is_stuck:
        await store.set_step(connection, row["id"], "left_out", words)


def values_of(told: Told) -> dict[str, Any]:
    """As a row has it."""
    return {
        "module": told.module,
        "number": told.number,
        "told": told.as_json(),
        "phone": told.phone,
        "person": told.person,
        "deal_name": told.deal_name,
        "price": told.price,
    }
