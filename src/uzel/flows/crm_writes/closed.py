"""How calls to a CRM ended. Nothing follows; what only they needed is destroyed."""

from collections.abc import Sequence
from typing import Any

from uzel.calls import store as calls_store
from uzel.calls import vault
from uzel.calls.closing import Closed
from uzel.calls.outcome import State
from uzel.flows.crm_writes import store
from uzel.kit.database import Connection

OPEN = (State.PLANNED, State.SENDING, State.UNKNOWN)
# Operation → its argument that lies in the vault.
SEALED = {"create_contact": "code", "create_project": "sms"}


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The owner of calls whose effect begins with `crm`. A person may still have an unknown one
    made again.
    """
    over = [it.effect for it in closed if it.result.state not in OPEN]
    await destroy(connection, over)


async def destroy(connection: Connection, effects: Sequence[str]) -> None:
    """What these calls kept in the vault."""
    if effects:
        rows = await store.arguments_of(connection, effects)
        await vault.destroy(connection, [number for row in rows for number in sealed_in(row)])


def sealed_in(row: Any) -> list[int]:
    """The numbers under which arguments of a call lie."""
    name = SEALED.get(row["operation"])
    number = row["arguments"].get(name) if name else None
    return [number] if isinstance(number, int) else []


async def take_back(connection: Connection, row: Any, reason: str) -> None:
    """A call is not to be made any more, unless it has just begun."""
    taken = await calls_store.cancel(connection, [row["effect"]], reason, doubtful=True)
    await destroy(connection, [effect for effect, state in taken.items() if state == "cancelled"])
