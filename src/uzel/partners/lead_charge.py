"""What leads cost a partner: a price each, held until they are done, or taken at once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from uzel.kit.database import Connection
from uzel.ledger.accounts import open_account
from uzel.ledger.command import Command, Hold, Leg, No, Post, Verdict
from uzel.ledger.post import post
from uzel.model.currency import decimal
from uzel.partners import lead_store, payment_store
from uzel.partners.lead import TooPoor
from uzel.partners.payment import Partner, State
from uzel.partners.settings import Debit
from uzel.partners.telling import tell_charged

HOUSE = "leads"


@dataclass(frozen=True, slots=True)
class Charge:
    """For one lead."""

    lead_id: int
    public_id: str
    details: str


def charge_for(lead_id: int, deal_id: str) -> Charge:
    return Charge(lead_id, f"lead_txn_{secrets.token_hex(8)}", f"lead {deal_id}")


async def open_house(connection: Connection, partner: Partner) -> int:
    """The house's account for leads; opened before anything is locked."""
    return await open_account(connection, partner.book, HOUSE, partner.currency)


async def take(
    connection: Connection, partner: Partner, house: int, charges: Sequence[Charge], price: int
) -> int:
    """Hold or take `price` minor units for each lead, in a transaction of the caller's. Returns
    what is available then. Raises TooPoor where it does not suffice for all: the caller's
    transaction has to end without effect.
    """
    legs = (Leg(partner.account, -price), Leg(house, price))
    commands = [command_of(partner, it, legs, price) for it in charges]
    verdicts = await post(connection, commands)
    if any(verdict.refused is No.FUNDS for verdict in verdicts):
        before = verdicts[0].before
        assert before is not None
        available, credit = before.available_minor, before.credit_minor
        raise TooPoor(price * len(charges), available, credit, len(charges))
    rows = [row_of(partner, *both, legs, price) for both in zip(charges, verdicts, strict=True)]
    await payment_store.add(connection, rows, datetime.now(UTC))
    await lead_store.link_payments(
        connection, [it.lead_id for it in charges], [it.public_id for it in charges]
    )
    await tell_charged(connection, partner, [it.public_id for it in charges])
    last = verdicts[-1].standing
    assert last is not None
    return last.available_minor


def command_of(partner: Partner, charge: Charge, legs: tuple[Leg, ...], price: int) -> Command:
    origin = f"payment:{charge.public_id}"
    if partner.settings.debit is Debit.AT_ONCE:
        return Post(origin, "lead", legs, partner.public_id)
    return Hold(origin, "lead", partner.account, price)


def row_of(
    partner: Partner, charge: Charge, verdict: Verdict, legs: tuple[Leg, ...], price: int
) -> tuple[Any, ...]:
    """A payment as payment_store.ADD takes it."""
    if verdict.refused is not None or verdict.before is None or verdict.standing is None:
        raise RuntimeError(f"the ledger refuses the price of a lead: {verdict.refused}")
    at_once = partner.settings.debit is Debit.AT_ONCE
    return (
        charge.public_id,
        partner.id,
        partner.book,
        "lead",
        None,
        decimal(price, partner.currency),
        partner.currency,
        price,
        partner.currency,
        0,
        Decimal(1),
        None,
        {"legs": [[leg.account, leg.amount_minor] for leg in legs]},
        State.PENDING,
        verdict.before.available_minor,
        verdict.standing.available_minor,
        charge.details,
        None if at_once else verdict.number,
        verdict.number if at_once else None,
        None,
    )
