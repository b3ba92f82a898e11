"""Reports on leads: kept as they came, and what follows for the partner's money.

What follows for the CRM is another part's: a report that concerns it waits as `waiting`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from uzel.kit.database import Connection
from uzel.ledger.accounts import LIVE
from uzel.partners import hooks, lead_charge, partner_store
from uzel.partners import lead_store as leads
from uzel.partners import report_store as store
from uzel.partners.access import partner_of
from uzel.partners.lead import LeadState, TooPoor, new_deal_id, new_public_id
from uzel.partners.payment import State
from uzel.partners.report_text import as_kept, field_kept
from uzel.partners.settle import settle

PARTNERS_LEAD = "Report for partner lead, AmoCRM update not applicable."
NOBODYS = "There is no lead with this ID, and no AmoCRM that it could be a deal of."
NO_CRM = "This lead's AmoCRM is not set up for reports."
SEVERAL = "Several leads have this ID: send partner_id."
LATE = "made good after it had failed"


@dataclass(frozen=True, slots=True)
class Report:
    """What is said of a lead.

    deal_id      as it was given
    partner      the partner's public id, where one was given
    status       in the words of who reports
    amount, …    as they could be read
    data         all that was sent, without tokens
    """

    deal_id: str
    partner: str | None
    is_success: bool
    status: str
    amount: Decimal | None
    currency: str | None
    email: str | None
    card: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """`crm_state`: waiting | success | failed | skipped, with the words for it. `is_known`: there
    is such a lead.
    """

    id: int
    public_id: str
    crm_state: str
    crm_message: str | None
    is_known: bool = True


async def take(
    connection: Connection, book: str, report: Report, *, robot_id: int | None, made_by: str
) -> Kept:
    """Keep a report, end its lead, settle what the partner paid for it; in a transaction of the
    caller's.
    """
    lead, problem = await lead_of(connection, book, report)
    if lead is not None:
        await end(connection, lead, report, made_by)
        crm_state, message = await crm_of(connection, lead)
    else:
        crm_state, message = ("skipped" if report.partner else "failed"), problem
    public_id = f"zenorep_{secrets.token_hex(10)}"
    number = await store.add(
        connection,
        public_id,
        report.deal_id,
        lead["id"] if lead else None,
        book,
        robot_id,
        made_by,
        report.is_success,
        report.status,
        report.amount,
        report.currency,
        field_kept("email", report.email),
        field_kept("card", report.card),
        as_kept(report.data),
        crm_state,
        message,
    )
    return Kept(number, public_id, crm_state, message, is_known=lead is not None)


async def lead_of(connection: Connection, book: str, report: Report) -> tuple[Any, str | None]:
    """(the lead that is meant, locked; why there is none)."""
    found = await leads.lock(connection, book, report.deal_id, report.partner)
    if not found and report.partner is None:
        found = await leads.deals_of_number(connection, book, report.deal_id)
        if len(found) > 1:
            return None, SEVERAL
    if found:
        return found[0], None
    if report.partner is not None:
        return None, PARTNERS_LEAD
    return await deal_of(connection, book, report.deal_id), NOBODYS


async def deal_of(connection: Connection, book: str, deal_id: str) -> Any:
    """A deal of the one CRM there is, though it never told of it."""
    crms = await store.crms(connection)
    if book != LIVE or len(crms) != 1 or not (deal_id.isascii() and deal_id.isdigit()):
        return None
    taken = await leads.taken(connection, book, [deal_id])
    called = new_deal_id() if taken else deal_id
    await store.add_deal(connection, crms[0], deal_id, new_public_id(), called)
    found = await leads.deals_of_number(connection, book, deal_id)
    return next((lead for lead in found if lead["connection_id"] == crms[0]), None)


async def crm_of(connection: Connection, lead: Any) -> tuple[str, str | None]:
    """What the CRM is to hear of it."""
    if lead["partner_id"] is not None:
        return "skipped", PARTNERS_LEAD
    if lead["connection_id"] not in await store.crms(connection):
        return "skipped", NO_CRM
    return "waiting", None


async def end(connection: Connection, lead: Any, report: Report, made_by: str) -> None:
    """The lead is done, or failed; its price is taken, or given back, once."""
    state = LeadState.DONE if report.is_success else LeadState.FAILED
    await leads.end(connection, lead["id"], state)
    details = {"status": report.status, "before": lead["state"]}
    await leads.step(connection, lead["id"], state, details, made_by)
    await tell_partner(connection, lead, state, report)
    charge = await leads.charge_of(connection, lead["id"])
    if charge is None:
        return
    wanted = State.COMPLETED if report.is_success else State.FAILED
    reason = f"report: {report.status}"
    done = await settle(connection, charge["public_id"], wanted, made_by=made_by, reason=reason)
    if done.refused == "given_back" and lead["state"] == LeadState.FAILED:
        await charge_again(connection, lead, charge, made_by)


async def tell_partner(connection: Connection, lead: Any, state: LeadState, report: Report) -> None:
    """`lead.completed` or `lead.failed`, once for each time it became so."""
    if lead["partner_id"] is None or lead["state"] == state:
        return
    number = await leads.steps(connection, lead["id"])
    data = {
        "id": lead["public_id"],
        "external_id": lead["external_id"],
        "state": state,
        "payment_url": lead["payment_url"],
        "report_status": report.status,
        "amount": format(report.amount, "f") if report.amount is not None else None,
        "currency": report.currency,
    }
    what = "completed" if state is LeadState.DONE else "failed"
    effect = f"lead:{lead['public_id']}:{number}"
    await hooks.tell(connection, lead["partner_id"], lead["book"], f"lead.{what}", data, effect)


async def charge_again(connection: Connection, lead: Any, charge: Any, made_by: str) -> None:
    """A lead that failed is done after all: its price, given back then, is taken again. Where the
    balance does not suffice, that is written down for a person to see.
    """
    row = await partner_store.find(connection, lead["partner_id"])
    partner = partner_of(row, lead["book"])
    house = await lead_charge.open_house(connection, partner)
    again = lead_charge.charge_for(lead["id"], lead["deal_id"])
    try:
        async with connection.transaction():
            await lead_charge.take(connection, partner, house, [again], charge["cost_minor"])
            await settle(connection, again.public_id, State.COMPLETED, made_by=made_by, reason=LATE)
    except TooPoor:
        await leads.step(
            connection, lead["id"], "uncharged", {"cost_minor": charge["cost_minor"]}, made_by
        )
