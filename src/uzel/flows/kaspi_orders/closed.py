"""How the calls of this flow ended, and what follows from it: in the transaction that writes it."""

from collections.abc import Awaitable, Callable, Sequence

from uzel.calls.closing import Closed
from uzel.calls.outcome import Result, State
from uzel.flows.kaspi_orders import ended_deals, ended_details, ended_entities, proof
from uzel.flows.kaspi_orders.asks import Effect
from uzel.flows.kaspi_orders.take import WAKE
from uzel.jobs.queue import enqueue
from uzel.kit.database import Connection

# A call in one of these is not over.
OPEN = (State.PLANNED, State.SENDING, State.UNKNOWN)


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The owner of calls whose effect begins with `shop`."""
    crms: set[int] = set()
    for item in closed:
        if item.result.state in OPEN:
            continue
        effect = Effect.of(item.effect)
        crm_id = await HANDLERS[effect.kind](connection, effect, item.result)
        if crm_id is not None:
            crms.add(crm_id)
    for crm_id in sorted(crms):
        await enqueue(connection, WAKE, crm_id)


Handler = Callable[[Connection, Effect, Result], Awaitable[int | None]]

HANDLERS: dict[str, Handler] = {
    "contact": ended_entities.on_searched,
    "element": ended_entities.on_searched,
    "catalog": ended_entities.on_catalog,
    "contacts": ended_entities.on_entities,
    "elements": ended_entities.on_entities,
    "lines": ended_deals.on_lines,
    "product": ended_deals.on_product,
    "find": ended_deals.on_found,
    "deals": ended_deals.on_deals,
    "goods": ended_details.on_goods,
    "goodslook": ended_details.on_goods_look,
    "notes": ended_details.on_notes,
    "notelook": ended_details.on_note_look,
    "look": ended_details.on_looked,
    "change": ended_details.on_changed,
    "unlinking": ended_details.on_changed,
    "linking": ended_details.on_changed,
    "proof": proof.on_page,
}
