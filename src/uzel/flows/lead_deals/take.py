"""Deals that a CRM told of become leads, by the link in one of their fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.calls.plan import Plan, plan
from uzel.connections.registry import Active
from uzel.events.event import Decision, Event
from uzel.flows.lead_deals import asks, crm_store
from uzel.flows.lead_deals.known import Known, plain
from uzel.flows.lead_deals.settings import LeadSettings
from uzel.kit.database import Connection
from uzel.model.deal import Deal, DealField
from uzel.partners import deals
from uzel.partners.deal_store import known as is_lead
from uzel.partners.deals import Became, Told

NOTED, SKIP, PENDING = "noted", "skip", "pending"
LOOKING = "deal_lookup"
DECISIONS = {
    Became.NEW: (NOTED, "lead_new"),
    Became.CHANGED: (NOTED, "lead_link"),
    Became.LATE: (NOTED, "lead_link_late"),
    Became.SAME: (SKIP, "lead_link_same"),
    Became.OUTDATED: (SKIP, "lead_link_outdated"),
}


@dataclass(frozen=True, slots=True)
class Crm:
    """What decides about the deals of one connection."""

    connection_id: int
    settings: LeadSettings
    known: Known

    @staticmethod
    def of(row: Any) -> "Crm":
        """A row of crm_store."""
        return Crm(
            row["connection_id"],
            LeadSettings.model_validate(row["settings"]),
            Known.model_validate(row["known"]),
        )

    def field(self, deal: Deal, wanted: str) -> DealField | None:
        """The filled field that settings call so."""
        known = self.known.field(wanted)
        ids = {wanted, str(known.id) if known else wanted}
        fields = deal.fields or ()
        by_id = (it for it in fields if it.id in ids)
        by_name = (it for it in fields if it.name and plain(it.name) == plain(wanted))
        return next(by_id, None) or next(by_name, None)

    def must_be_read(self, deal: Deal) -> bool:
        """Whether it does not show what its fields hold."""
        if deal.fields is None:
            return True
        wanted = self.settings.link_field
        nameless = any(it.name is None for it in deal.fields)
        return nameless and not wanted.isdigit() and self.known.field(wanted) is None

    def is_elsewhere(self, deal: Deal) -> bool:
        """Whether it stands where deals do not count."""
        wanted = self.settings.pipelines
        return bool(wanted) and not self.known.within(wanted, deal.pipeline, deal.stage)


@dataclass(frozen=True, slots=True)
class Seen:
    """A deal of one event. `told_at`: when the CRM changed it."""

    event_id: int
    deal: Deal
    told_at: datetime
    made_by: str


async def on_told(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
    """The flow of `deal.told`: the oldest first, and of one time in the order of their arrival.
    Leads are locked in the order of their deals, so that two processes cannot wait for each other.
    """
    rows = await crm_store.some(connection, sorted({it.connection.id for it in events}))
    crms = {row["connection_id"]: Crm.of(row) for row in rows}
    decisions: list[Decision] = []
    calls: list[Plan] = []
    for event in sorted(events, key=turn):
        crm, seen = crms.get(event.connection.id), seen_in(event)
        if crm is None:
            decisions.append(Decision(event.id, SKIP, "no_lead_crm"))
        elif crm.must_be_read(seen.deal) and not crm.is_elsewhere(seen.deal):
            decisions.append(Decision(event.id, PENDING, LOOKING))
            calls.append(asks.look_at(crm.connection_id, event.id, 1, seen.deal.number))
        else:
            decisions.append(await take(connection, crm, seen))
    await plan(connection, calls)
    return decisions


async def take(connection: Connection, crm: Crm, seen: Seen) -> Decision:
    """What a deal with its fields comes to."""
    deal, settings = seen.deal, crm.settings
    if crm.is_elsewhere(deal):
        return Decision(seen.event_id, SKIP, "deal_elsewhere")
    field = crm.field(deal, settings.link_field)
    if field is None:
        return Decision(seen.event_id, SKIP, "link_missing")
    if field.link is None:
        return Decision(seen.event_id, SKIP, "link_invalid")
    if (refused := settings.refusal(field.link)) is not None:
        return Decision(seen.event_id, SKIP, refused)
    if crm.field(deal, settings.status_field) is not None and not await is_lead(
        connection, crm.connection_id, deal.number
    ):
        return Decision(seen.event_id, SKIP, "deal_paid")
    told = Told(crm.connection_id, deal.number, field.link, seen.told_at, seen.made_by)
    decision, reason = DECISIONS[await deals.take(connection, told)]
    return Decision(seen.event_id, decision, reason)


def turn(event: Event) -> tuple[int, str, datetime, int]:
    """When an event has its turn."""
    return event.connection.id, deal_of(event).number, told_at(event), event.id


def seen_in(event: Event) -> Seen:
    return Seen(event.id, deal_of(event), told_at(event), source_of(event.connection))


def deal_of(event: Event) -> Deal:
    assert isinstance(event.element.data, Deal)
    return event.element.data


def told_at(event: Event) -> datetime:
    """When the CRM changed the deal; when it came, where it does not say."""
    return event.element.occurred_at or event.received_at


def source_of(active: Active) -> str:
    """`amocrm/main`: who says so, in what is written down."""
    return f"{active.connector.name}/{active.name}"
