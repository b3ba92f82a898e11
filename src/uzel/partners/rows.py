"""A payment between its price and its row: its command for the ledger, the verdict's meaning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.ledger.command import Command, Hold, Leg, No, Post, Verdict
from uzel.partners.payment import Ask, NoRate, Outcome, Poor, Priced, Refused, State, Taken
from uzel.partners.settings import Debit


@dataclass(frozen=True, slots=True)
class Ready:
    """An ask that goes to the ledger."""

    ask: Ask
    public_id: str
    priced: Priced
    legs: tuple[Leg, ...]

    def command(self) -> Command:
        origin = f"payment:{self.public_id}"
        if self.ask.partner.settings.debit is Debit.AT_ONCE:
            return Post(origin, "payment", self.legs, self.ask.partner.public_id)
        return Hold(origin, "payment", self.ask.partner.account, self.priced.price.total_minor)


def refused(error: NoRate) -> Refused:
    return Refused("old_rate" if error.is_old else "no_rate", error.currency)


def outcome_of(ready: Ready, verdict: Verdict, at: datetime) -> Outcome:
    """What the ledger's verdict means."""
    assert verdict.standing is not None
    assert verdict.before is not None
    if verdict.refused is No.FUNDS:
        stands = verdict.standing
        return Poor(ready.priced.price, stands.available_minor, stands.credit_minor)
    if verdict.refused is not None:
        return Refused("amount", ready.ask.currency)
    before, after = verdict.before.available_minor, verdict.standing.available_minor
    return Taken(ready.public_id, State.PENDING, ready.priced.price, before, after, at)


def row_of(ready: Ready, verdict: Verdict, taken: Taken) -> tuple[Any, ...]:
    """A payment as payment_store.ADD takes it."""
    ask, cost = ready.ask, ready.priced.price
    at_once = ask.partner.settings.debit is Debit.AT_ONCE
    entry = {"legs": [[leg.account, leg.amount_minor] for leg in ready.legs]}
    return (
        ready.public_id,
        ask.partner.id,
        ask.partner.book,
        "payment",
        ask.external_id,
        ask.amount,
        ask.currency,
        cost.total_minor,
        cost.balance_currency,
        cost.commission_minor,
        cost.rate,
        ready.priced.rate.id,
        entry,
        taken.state,
        taken.before_minor,
        taken.after_minor,
        ask.details,
        None if at_once else verdict.number,
        verdict.number if at_once else None,
        ask.quote.id if ask.quote else None,
    )
