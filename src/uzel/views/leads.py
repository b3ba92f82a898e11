"""Leads as people look at them: the table, one with all that happened, what needs somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.ledger.accounts import LIVE
from uzel.partners.lead import LeadState
from uzel.partners.report_text import field_kept, out_of
from uzel.views import leads_store as store
from uzel.views.query_store import NEWEST, SLACK, Conditions, id_at, sane
from uzel.views.rows import Hit, Page

MOST_REPORTS = 100
# Of leads that wait too long no more are counted.
MOST_COUNTED = 1000


class Mark(StrEnum):
    """What a lead may be looked for by.

    waiting    its last report waits for the CRM
    failed     the CRM did not take it
    late       its link changed after it was done
    overdue    nobody reported on it for an hour
    uncharged  it is done, and its price was not taken
    held       a robot works on it
    """

    WAITING = "waiting"
    FAILED = "failed"
    LATE = "late"
    OVERDUE = "overdue"
    UNCHARGED = "uncharged"
    HELD = "held"


FOUND = {
    Mark.WAITING: store.WAITING,
    Mark.FAILED: store.FAILED,
    Mark.OVERDUE: store.OVERDUE,
    Mark.UNCHARGED: store.UNCHARGED,
    Mark.HELD: "state = 'new' and leased_until > now()",
}


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead; the last report on it (`report…`, `status` … `crm_message`; all None where there is
    none), and what was last paid for it. is_late: its link changed after it was done.
    """

    id: int
    public_id: str
    book: str
    partner_id: int | None
    connection_id: int | None
    external_id: str
    deal_id: str
    payment_url: str | None
    data: Mapping[str, Any]
    state: str
    version: int
    leased_by: int | None
    leased_until: datetime | None
    created_at: datetime
    updated_at: datetime
    partner_name: str | None
    connector: str | None
    connection_name: str | None
    robot: str | None
    report_id: int | None
    report: str | None
    is_success: bool | None
    status: str | None
    amount: Decimal | None
    currency: str | None
    email: str | None
    card: str | None
    crm_state: str | None
    crm_message: str | None
    reported_at: datetime | None
    payment: str | None
    payment_state: str | None
    cost_minor: int | None
    balance_currency: str | None
    is_late: bool

    @property
    def is_told(self) -> bool:
        """Whether the last report is about the link that the lead has now."""
        return self.report is not None and self.state != LeadState.NEW

    @property
    def holder(self) -> str | None:
        """The robot that works on it."""
        held = self.leased_until is not None and self.leased_until > datetime.now(UTC)
        return self.robot if held and self.state == LeadState.NEW else None

    @property
    def is_uncharged(self) -> bool:
        """Done, while what was paid for it had been given back."""
        return self.state == LeadState.DONE and self.payment_state == "failed"

    @property
    def marks(self) -> Sequence[Mark]:
        """What somebody should see at once."""
        found = (
            (Mark.FAILED, self.crm_state == "failed"),
            (Mark.WAITING, self.crm_state == "waiting"),
            (Mark.LATE, self.is_late),
            (Mark.UNCHARGED, self.is_uncharged),
        )
        return [mark for mark, is_so in found if is_so]


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """text: a number that somebody calls the lead, else part of its link. partner_id,
    connection_id: whose it is.
    """

    book: str = LIVE
    state: str | None = None
    mark: Mark | None = None
    partner_id: int | None = None
    connection_id: int | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeadLife:
    """All about a lead; `reports` the newest first."""

    lead: LeadRow
    steps: Sequence[Any]
    reports: Sequence[Any]
    payments: Sequence[Any]


@dataclass(frozen=True, slots=True)
class LeadTrouble:
    """How many leads need somebody. lost: reports of the last day that no lead was found for."""

    failed: int
    uncharged: int
    overdue: int
    overdue_since: datetime | None
    lost: int


async def list_leads(
    pool: Pool, wanted: LeadFilter, before: int | None, limit: int
) -> Page[LeadRow]:
    """The newest leads first, those below an id."""
    found_by, checked = Conditions(), Conditions()
    if wanted.text is not None:
        rows = await store.called(pool, wanted.book, [wanted.text])
        numbers = sorted({row["id"] for row in rows})
        if numbers:
            found_by.add("id = any({})", numbers)
        else:
            part = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            checked.add("l.payment_url ilike {}", f"%{part}%")
    await narrow(pool, wanted, found_by, checked, before)
    found, after = await store.leads(pool, found_by, checked, limit)
    cut = after is not None and len(found) < limit
    return Page(tuple(lead_of(row) for row in found), after, cut)


async def narrow(
    pool: Pool, wanted: LeadFilter, found_by: Conditions, checked: Conditions, before: int | None
) -> None:
    """The rest of a filter, as conditions."""
    low, high = await bounds(pool, wanted)
    found_by.add("book = {}", wanted.book)
    found_by.add("id >= {} and id < {}", low, high if before is None else min(before, high))
    if wanted.state == LeadState.NEW:
        found_by.add("state = 'new'")
    elif wanted.state is not None:
        checked.add("l.state = {}", wanted.state)
    if wanted.mark in FOUND:
        found_by.add(FOUND[wanted.mark])
    elif wanted.mark is Mark.LATE:
        checked.add(store.IS_LATE)
    if wanted.partner_id is not None:
        checked.add("l.partner_id = {}", wanted.partner_id)
    if wanted.connection_id is not None:
        checked.add("l.connection_id = {}", wanted.connection_id)
    if wanted.since is not None:
        checked.add("l.created_at >= {}", sane(wanted.since))
    if wanted.until is not None:
        checked.add("l.created_at < {}", sane(wanted.until))


async def bounds(pool: Pool, wanted: LeadFilter) -> tuple[int, int]:
    """Between which ids leads of that time lie."""
    low: int | None = 0
    high: int | None = NEWEST
    if wanted.since is not None:
        low = await id_at(pool, "lead", "created_at", sane(wanted.since) - SLACK)
    if wanted.until is not None:
        high = await id_at(pool, "lead", "created_at", sane(wanted.until) + SLACK)
    return low or 0, NEWEST if high is None else high


def lead_of(row: Any) -> LeadRow:
    """A row of the store."""
    told = {name: field_kept(name, row[name]) for name in ("email", "card")}
    return LeadRow(**{field.name: row[field.name] for field in fields(LeadRow)} | told)


async def leads_called(pool: Pool | Connection, book: str, numbers: Sequence[str]) -> list[LeadRow]:
    """Leads that somebody calls by one of these numbers."""
    return [lead_of(row) for row in await store.called(pool, book, numbers)]


async def lead_life(pool: Pool, lead_id: int) -> LeadLife | None:
    """All about one."""
    async with pool.acquire() as connection:
        row = await store.one(connection, lead_id)
        if row is None:
            return None
        steps = await store.steps(connection, lead_id)
        reports = [out_of(it) for it in await store.reports(connection, lead_id, MOST_REPORTS)]
        return LeadLife(lead_of(row), steps, reports, await store.payments(connection, lead_id))


async def locked_lead(connection: Connection, lead_id: int) -> LeadRow | None:
    """As it is now, and stays until the end of the caller's transaction."""
    row = await store.lock(connection, lead_id)
    return lead_of(row) if row is not None else None


async def lead_trouble(connection: Connection) -> LeadTrouble:
    """What needs somebody."""
    return LeadTrouble(**dict(await store.trouble(connection)))


async def find_leads(connection: Connection, text: str) -> list[Hit]:
    """Leads with this number; for the search box."""
    if " " in text:
        return []
    return [
        Hit(
            "lead",
            row["id"],
            row["deal_id"],
            f"{row['partner_name'] or row['connection_name']} · {row['state']}",
            row["created_at"],
        )
        for row in (await store.called(connection, LIVE, [text]))[:20]
    ]
