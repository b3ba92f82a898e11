"""Payouts as people look at them: those nobody knows the outcome of, all of them, one's life."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.payouts import payout_store
from uzel.payouts.payout import State
from uzel.views import payouts_store as store
from uzel.views import search_store
from uzel.views.call_store import calls_by_effect
from uzel.views.claims import phone_of, whole
from uzel.views.query_store import Scan
from uzel.views.rows import Call, Page

STATES = tuple(str(state) for state in State)
MOST_UNKNOWN, MOST_LOOKS = 100, 20
LAST_DIGITS = 4
TOLD = "payout.told"


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout; see table payout. `name` of who is paid; `claim_id` it was made for; `asked`: how
    often the provider was asked to know that person.
    """

    id: int
    public_id: str
    connection_id: int
    connection_name: str
    mark: str
    external_id: str | None
    payee_id: int
    name: str
    asked: int
    amount_minor: int
    currency: str
    kind: str
    purpose: str
    phone: str | None
    bank_name: str | None
    card_shown: str | None
    state: str
    provider_id: str | None
    provider_status: str | None
    error: str | None
    sent: int
    looked: int
    made_by: str
    claim_id: int | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """text: a number (ours, the asker's, the provider's, of its claim), the mark, the last four
    digits of a card, a phone.
    """

    state: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PayoutLife:
    """All about one. doubt: what is known where its answer was lost; calls: of sending it, of
    asking after it, of making its person known; hints: what the provider told by itself.
    """

    payout: PayoutRow
    steps: Sequence[Any]
    calls: Sequence[Call]
    hints: Sequence[Any]
    doubt: Any


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why no payout leaves, who said so, and since when."""

    reason: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class PayoutAttention:
    """For every page: claims that wait, payouts that nobody knows the outcome of, the switch."""

    claims: int
    unknown: int
    stopped: Stopped | None


@dataclass(frozen=True, slots=True)
class PayoutTrouble:
    """What waits, and since when the oldest of it does: claims to be decided on, approved ones that
    a limit holds back, payouts with an unknown outcome, payouts that the provider's people look at.
    """

    claims: int
    claims_since: datetime | None
    held: int
    held_since: datetime | None
    unknown: int
    unknown_since: datetime | None
    review: int
    review_since: datetime | None


def payout_of(row: Any) -> PayoutRow:
    return PayoutRow(**{field.name: row[field.name] for field in fields(PayoutRow)})


async def payout_attention(connection: Connection) -> PayoutAttention:
    row = await store.attention(connection)
    stopped = None
    if row["made_at"] is not None:
        stopped = Stopped(row["reason"], row["made_by"], row["made_at"])
    return PayoutAttention(row["claims"], row["unknown"], stopped)


async def payout_trouble(connection: Connection) -> PayoutTrouble:
    return PayoutTrouble(**dict(await store.trouble(connection)))


async def unknown_payouts(pool: Pool) -> list[tuple[PayoutRow, Any]]:
    """Those whose answer was lost, the oldest first, with what is known; see DOUBTS."""
    rows = [payout_of(row) for row in await store.unknown(pool, MOST_UNKNOWN)]
    known: Mapping[int, Any] = {
        row["payout_id"]: row for row in await store.doubts(pool, [it.id for it in rows])
    }
    return [(row, known.get(row.id)) for row in rows]


async def list_payouts(
    pool: Pool, wanted: PayoutFilter, before: int | None, limit: int
) -> Page[PayoutRow]:
    """The newest first, those below an id."""
    scan = Scan("payout", store.PAYOUT, "created_at")
    if wanted.state is not None:
        scan.key("state", wanted.state)
    if wanted.text is not None:
        text = wanted.text
        scan.where(
            store.CALLED,
            text if len(text) == LAST_DIGITS else None,
            phone_of(text),
            whole(text),
        )
    await scan.between(pool, wanted.since, wanted.until)
    page = await scan.page(pool, payout_of, before, limit)
    if wanted.text is None or before is not None:
        return page
    known = {payout.id for payout in page.items}
    called = map(payout_of, await store.called(pool, wanted.text))
    first = [it for it in called if it.id not in known and wanted.state in (None, it.state)]
    return Page((*first, *page.items), page.next, page.cut)


async def payout_by_number(pool: Pool, number: int) -> PayoutRow | None:
    """That which a call for it names; None."""
    name = await store.name_of(pool, number)
    row = None if name is None else await store.find(pool, name)
    return None if row is None else payout_of(row)


async def payout_life(pool: Pool, public_id: str) -> PayoutLife | None:
    """All about one of them; None."""
    found = await store.find(pool, public_id)
    if found is None:
        return None
    payout = payout_of(found)
    steps = await payout_store.steps(pool, payout.id)
    calls = await calls_by_effect(pool, effects(payout))
    hints: Sequence[Any] = ()
    if payout.provider_id is not None:
        async with pool.acquire() as connection:
            told = await search_store.events_by_label(connection, payout.provider_id)
        hints = [row for row in told if row["type"] == TOLD]
    doubts = await store.doubts(pool, [payout.id])
    doubt = doubts[0] if doubts and payout.state == State.UNKNOWN else None
    return PayoutLife(payout, steps, calls, hints, doubt)


def effects(payout: PayoutRow) -> list[str]:
    """Of its calls; of many looks the last ones."""
    numbers = range(max(1, payout.looked - MOST_LOOKS + 1), payout.looked + 1)
    return [
        *(f"payout:person:{payout.payee_id}:{nth}" for nth in range(1, payout.asked + 1)),
        *(f"payout:send:{payout.id}:{nth}" for nth in range(1, payout.sent + 1)),
        *(f"payout:look:{payout.id}:{nth}" for nth in numbers),
    ]
