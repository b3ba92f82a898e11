"""Partners, their balances and payments, as people look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.ledger.accounts import LIVE
from uzel.ledger.command import Standing
from uzel.partners import proposal_store
from uzel.rates import store as rate_store
from uzel.rates.read import standings
from uzel.views import partners_store as store
from uzel.views.query_store import NEWEST, SLACK, Conditions, id_at, sane
from uzel.views.rows import Hit, Page

STATES = ("pending", "completed", "failed")
# Those have an index of their own, with this predicate.
FEW = {"pending": "state = 'pending'", "failed": "state = 'failed'"}


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A partner, where its balance stands, and its day: `payments` and what they cost, both without
    those that failed. waiting: proposals for a second person.
    """

    id: int
    public_id: str
    name: str
    currency: str
    settings: Mapping[str, Any]
    state: str
    account_id: int
    test_account_id: int
    created_at: datetime
    posted_minor: int
    held_minor: int
    floor_minor: int | None
    last_used_at: datetime | None
    waiting: int
    payments: int
    spent_minor: int

    @property
    def standing(self) -> Standing:
        """The balance."""
        return Standing(self.posted_minor, self.held_minor, self.floor_minor)

    @property
    def available_minor(self) -> int:
        """What is there, without credit."""
        return self.standing.available_minor

    @property
    def credit_minor(self) -> int:
        """How far below zero it may go."""
        return -(self.floor_minor or 0)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment; see table payment."""

    id: int
    public_id: str
    partner_id: int
    book: str
    kind: str
    external_id: str | None
    amount: Decimal
    currency: str
    cost_minor: int
    balance_currency: str
    commission_minor: int
    rate: Decimal
    rate_id: int | None
    state: str
    before_minor: int
    after_minor: int
    details: str | None
    error: str | None
    hold_id: int | None
    entry_id: int | None
    refund_id: int | None
    created_at: datetime
    updated_at: datetime

    @property
    def exchange_minor(self) -> int:
        """The cost without the commission."""
        return self.cost_minor - self.commission_minor


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """text: our number of a payment, or the partner's own."""

    partner_id: int
    book: str = LIVE
    state: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentLife:
    """All about a payment. entries: of the ledger, each with its legs."""

    payment: PaymentRow
    quote: str | None
    steps: Sequence[Any]
    hold: Any
    entries: Sequence[tuple[Any, Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class MoneyTrouble:
    """What waits for a second person, and rates nobody can be charged by any more."""

    proposals: int
    proposed_at: datetime | None
    rates: int
    entered_at: datetime | None
    too_old: tuple[str, ...]


async def list_partners(pool: Pool, since: datetime) -> list[PartnerRow]:
    """All of them, those in use first; their day begins at `since`."""
    low = await id_at(pool, "payment", "created_at", since - SLACK) or 0
    return [PartnerRow(**dict(row)) for row in await store.partners(pool, low, since)]


async def find_partner(pool: Pool, partner_id: int, since: datetime) -> PartnerRow | None:
    """One of them."""
    low = await id_at(pool, "payment", "created_at", since - SLACK) or 0
    row = await store.partner(pool, partner_id, low, since)
    return PartnerRow(**dict(row)) if row is not None else None


async def list_payments(
    pool: Pool, wanted: PaymentFilter, before: int | None, limit: int
) -> Page[PaymentRow]:
    """The newest payments first, those below an id."""
    if wanted.text is not None:
        rows = await store.payments_called(pool, wanted.partner_id, wanted.book, wanted.text)
        checked_rows = [row for row in rows if wanted.state in (None, row["state"])]
        return Page(tuple(payment_of(row) for row in checked_rows), None)
    low, high = await bounds(pool, wanted)
    high = high if before is None else min(before, high)
    found_by, checked = Conditions(), Conditions()
    key = (wanted.partner_id, wanted.book)
    found_by.add("(partner_id, book, id) >= ({}, {}, {})", *key, low)
    found_by.add("(partner_id, book, id) < ({}, {}, {})", *key, high)
    if wanted.state in FEW:
        found_by.add(FEW[wanted.state])
    elif wanted.state is not None:
        checked.add("state = {}", wanted.state)
    if wanted.since is not None:
        checked.add("created_at >= {}", sane(wanted.since))
    if wanted.until is not None:
        checked.add("created_at < {}", sane(wanted.until))
    rows, after = await store.payments(pool, found_by, checked, limit)
    cut = after is not None and len(rows) < limit
    return Page(tuple(payment_of(row) for row in rows), after, cut)


async def bounds(pool: Pool, wanted: PaymentFilter) -> tuple[int, int]:
    """Between which ids payments of that time lie."""
    low: int | None = 0
    high: int | None = NEWEST
    if wanted.since is not None:
        low = await id_at(pool, "payment", "created_at", sane(wanted.since) - SLACK)
    if wanted.until is not None:
        high = await id_at(pool, "payment", "created_at", sane(wanted.until) + SLACK)
    return low or 0, NEWEST if high is None else high


def payment_of(row: Any) -> PaymentRow:
    return PaymentRow(**{field.name: row[field.name] for field in fields(PaymentRow)})


async def payment_life(pool: Pool, partner_id: int, public_id: str) -> PaymentLife | None:
    """All about one payment of a partner's."""
    async with pool.acquire() as connection:
        row = await store.payment(connection, partner_id, public_id)
        if row is None:
            return None
        steps = await store.steps(connection, row["id"])
        hold = await store.hold(connection, row["hold_id"]) if row["hold_id"] else None
        numbers = [n for n in (row["entry_id"], row["refund_id"]) if n is not None]
        legs = await store.entries(connection, numbers)
    entries = [(some[0], some) for _, some in grouped(legs)]
    return PaymentLife(payment_of(row), row["quote"], steps, hold, entries)


def grouped(legs: Sequence[Any]) -> list[tuple[int, list[Any]]]:
    """Legs by their entry."""
    return [(number, list(some)) for number, some in groupby(legs, key=lambda row: row["id"])]


async def find_payments(connection: Connection, text: str) -> list[Hit]:
    """Payments with this number; for the search box."""
    if not text.startswith(("txn_", "lead_txn_")):
        return []
    rows = await store.found_payments(connection, text)
    return [
        Hit("payment", row["id"], row["public_id"], f"{row['name']} · {row['state']}", row["at"])
        for row in rows
    ]


async def money_trouble(connection: Connection) -> MoneyTrouble:
    """What waits for people, and what they should look at."""
    proposals, proposed_at = await proposal_store.waiting_count(connection)
    waiting = await rate_store.waiting(connection)
    old = [it.last for it in await standings(connection) if it.rate is None and it.last is not None]
    return MoneyTrouble(
        proposals,
        proposed_at,
        len(waiting),
        waiting[0]["created_at"] if waiting else None,
        tuple(str(last.pair) for last in old),
    )
