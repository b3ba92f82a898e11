"""How the calls of this flow ended, and what follows from it: in the transaction that writes it."""

from collections.abc import Awaitable, Callable, Sequence

from uzel.calls.closing import Closed
from uzel.calls.effect import Effect
from uzel.calls.ended import OPEN
from uzel.calls.outcome import Result
from uzel.entities import contacts, ended
from uzel.flows.kaspi_orders import ended_catalog, ended_deals, ended_details, proof
from uzel.flows.kaspi_orders.take import WAKE
from uzel.jobs.queue import enqueue
from uzel.kit.database import Connection


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
    contacts.SEARCH: ended.on_searched,
    contacts.MAKE: ended.on_made,
    "element": ended.on_searched,
    "catalog": ended_catalog.on_catalog,
    "elements": ended.on_made,
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
