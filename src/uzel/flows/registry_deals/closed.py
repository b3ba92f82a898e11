"""How the calls of this flow ended, and what follows from it: in the transaction that writes it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from uzel.calls.closing import Closed
from uzel.calls.effect import Effect
from uzel.calls.ended import FINAL, OPEN, answered, named_in, reason_of
from uzel.calls.outcome import Result, State
from uzel.entities import contacts, ended
from uzel.entities import store as entities
from uzel.entities.store import CONTACTS
from uzel.flows.registry_deals import asks
from uzel.flows.registry_deals import item_store as store
from uzel.flows.registry_deals.advance import WAKE
from uzel.jobs.queue import enqueue
from uzel.kit.database import Connection

# What nobody got through with, and what a refusal named others for, is tried again after so long.
LATER_S, SOON_S = 300.0, 2.0


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The owner of calls whose effect begins with `mirror`."""
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


async def on_deals(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Deals were made, or some of them, or none."""
    rows = await store.in_batch(connection, effect.number)
    if not rows:
        return None
    data, ids = answered(result), [row["id"] for row in rows]
    if data is not None:
        leads = {int(request): int(lead) for request, lead in data["ids"].items()}
        await store.made(connection, effect.number, leads)
        # Of an answer that was lost not all are there: who is left over is looked for.
        rest = [it for it in ids if it not in leads]
        await store.put_back(connection, rest, "finding")
    elif result.state is State.REJECTED:
        await refused(connection, rows, result)
    elif result.state is State.CANCELLED:
        for number in ids:
            await store.set_step(connection, number, "stuck", reason_of(result))
    else:
        # A person saw them, or nobody got through: what is there is found before it is made.
        await store.put_back(connection, ids, "finding", wait_s=LATER_S)
    return int(rows[0]["crm_id"])


async def refused(connection: Connection, rows: Sequence[Any], result: Result) -> None:
    """One wrong deal refuses all of its call: those that are named go alone next time, with their
    contact looked for anew; refused alone, one waits for a person.
    """
    if len(rows) == 1 and rows[0]["together"] == 1:
        await store.set_step(connection, rows[0]["id"], "stuck", reason_of(result))
        return
    named = set(named_in(result))
    wrong = [row for row in rows if str(row["id"]) in named] or (rows if len(rows) == 1 else [])
    ids, apart = [row["id"] for row in rows], [row["id"] for row in wrong]
    if wrong:
        crm_id, phones = rows[0]["crm_id"], await store.phones_of(connection, apart)
        await entities.forget(connection, crm_id, CONTACTS, phones)
        await store.put_back(connection, [it for it in ids if it not in apart], "waiting")
        await store.put_back(connection, apart, "waiting", together=1)
    else:
        await store.put_back(connection, ids, "waiting", together=max(1, len(rows) // 2))


async def on_found(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Whether a deal was there already."""
    rows = await store.in_batch(connection, effect.number)
    if not rows:
        return None
    row, data = rows[0], answered(result)
    if data is not None and data["leads"]:
        await store.made(connection, effect.number, {row["id"]: int(data["leads"][0]["id"])})
    elif data is not None:
        await store.put_back(connection, [row["id"]], "waiting")
    elif result.state in FINAL:
        await store.set_step(connection, row["id"], "stuck", f"find: {reason_of(result)}")
    else:
        await store.put_back(connection, [row["id"]], "finding", wait_s=LATER_S)
    return int(row["crm_id"])


async def on_notes(connection: Connection, effect: Effect, result: Result) -> int | None:
    """Notes were written, or some of them, or none. One that is refused alone waits for a person:
    as a rule somebody deleted the deal.
    """
    rows = await store.in_note_batch(connection, effect.number)
    if not rows:
        return None
    ids, data = [row["id"] for row in rows], answered(result)
    if data is not None:
        there = [it for it in ids if str(it) in data["ids"]]
        await store.noted(connection, there)
        await store.note_again(connection, [it for it in ids if it not in there], SOON_S)
    elif result.state in (State.ACCEPTED, State.CANCELLED):  # by a person's word
        await store.noted(connection, ids)
    elif result.state is State.REJECTED and len(rows) == 1:
        await store.note_refused(connection, ids[0], f"note: {reason_of(result)}")
    elif result.state is State.REJECTED:
        await store.note_again(connection, ids, SOON_S, max(1, len(rows) // 2))
    else:
        await store.note_again(connection, ids, LATER_S)
    return int(rows[0]["crm_id"])


Handler = Callable[[Connection, Effect, Result], Awaitable[int | None]]

HANDLERS: dict[str, Handler] = {
    contacts.SEARCH: ended.on_searched,
    contacts.MAKE: ended.on_made,
    asks.DEALS: on_deals,
    asks.FIND: on_found,
    asks.NOTES: on_notes,
}
