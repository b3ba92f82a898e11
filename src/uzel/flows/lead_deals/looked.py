"""Deals that were told of without their fields, and read."""

from collections.abc import Mapping
from typing import Any

from uzel.calls.outcome import Result, State
from uzel.calls.plan import plan
from uzel.events import store as events_store
from uzel.events.event import Decision
from uzel.flows.lead_deals import asks, crm_store, event_store
from uzel.flows.lead_deals.asks import Effect
from uzel.flows.lead_deals.take import SKIP, Crm, Seen, take
from uzel.kit.body import utc_of_epoch
from uzel.kit.database import Connection
from uzel.model.deal import Deal, DealField


async def on_looks(connection: Connection, looks: Mapping[Effect, Result]) -> None:
    """What these readings come to; what nobody got through with is asked again later."""
    if not looks:
        return
    found = {effect.number: (effect, result) for effect, result in looks.items()}
    rows = await event_store.pending(connection, sorted(found))
    crms = await crm_store.some(connection, sorted({row["connection_id"] for row in rows}))
    known = {row["connection_id"]: Crm.of(row) for row in crms}
    decisions: list[Decision] = []
    for row in rows:
        effect, result = found[row["id"]]
        if result.state is State.NOT_SENT:
            again = asks.look_at(
                row["connection_id"], row["id"], effect.nth + 1, row["number"], late=True
            )
            await plan(connection, [again])
        else:
            crm = known.get(row["connection_id"])
            decisions.append(await decide(connection, row, crm, result))
    if decisions:
        await events_store.decide(
            connection, [(it.event_id, it.decision, it.reason) for it in decisions]
        )


async def decide(connection: Connection, row: Any, crm: Crm | None, result: Result) -> Decision:
    """What one reading comes to."""
    if crm is None:
        return Decision(row["id"], SKIP, "no_lead_crm")
    if result.state is not State.ACCEPTED or result.answer is None:
        return Decision(row["id"], SKIP, "deal_unread")
    told = result.answer.data.get("deal")
    if told is None:
        return Decision(row["id"], SKIP, "deal_gone")
    told_at = utc_of_epoch(told.get("updated_at")) or row["told_at"]
    return await take(connection, crm, Seen(row["id"], deal_of(told), told_at, row["source"]))


def deal_of(told: Mapping[str, Any]) -> Deal:
    """What the operation `read_deal` answered."""
    fields = tuple(
        DealField(field["id"], field["name"], field["link"]) for field in told["fields"] or ()
    )
    return Deal(told["number"], told["pipeline"], told["stage"], fields)
