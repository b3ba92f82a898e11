"""Our payouts beside the provider's books, as people look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.payouts.accounting import balance_store
from uzel.payouts.accounting.invariants import broken
from uzel.views import reconciliation_store as store

MOST = 100
LOUDEST = "duplicate"
# Every night, and a day's grace.
LATE_AFTER = timedelta(hours=49)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run; `void_because`: nothing followed from it. Amounts in minor units, without what came
    to nothing.
    """

    id: int
    connection_id: int
    since: datetime
    until: datetime
    started_at: datetime
    finished_at: datetime
    made_by: str
    void_because: str | None
    ours: int
    ours_minor: int
    theirs: int
    theirs_minor: int
    seen: int
    new: int
    gone: int
    balance_from_at: datetime | None
    balance_from_minor: int | None
    balance_to_at: datetime | None
    balance_to_minor: int | None
    left_minor: int | None

    @property
    def unexplained_minor(self) -> int | None:
        """By how much the balance changed otherwise than by what left: above zero for money that
        came in, below for fees, or for what is not in the list.
        """
        if self.left_minor is None or self.balance_from_minor is None:
            return None
        return (self.balance_to_minor or 0) - self.balance_from_minor + self.left_minor


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One difference. `kind`: see `payouts.compare.Kind`; `ours`, `theirs`: as `seen` of both sides
    gave it, None where there was none.
    """

    id: int
    connection_id: int
    kind: str
    subject: str
    subject_at: datetime
    payout_id: int | None
    public_id: str | None
    provider_id: str | None
    ours: Mapping[str, Any] | None
    theirs: Sequence[Mapping[str, Any]]
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class PayoutTrouble:
    """What somebody should look at.

    broken   what does not hold between payouts and the ledger, in words
    open     class → how many differences nobody has settled
    short    connections with less at the provider than their open payouts need
    late     connections whose list was not read whole for two nights, and why
    """

    broken: Sequence[str]
    open: Mapping[str, int]
    short: int
    late: Mapping[str, str]

    @property
    def count(self) -> int:
        """For a list of what is to be done."""
        return len(self.broken) + sum(self.open.values()) + self.short + len(self.late)


async def runs(
    pool: Pool, connection_id: int | None = None, before: int | None = None, most: int = MOST
) -> list[RunRow]:
    """The newest first, those before a number."""
    rows = await store.runs(pool, connection_id, before, most)
    return [RunRow(**dict(row)) for row in rows]


async def differences(
    pool: Pool,
    connection_id: int | None = None,
    *,
    is_open: bool = True,
    kind: str | None = None,
    most: int = MOST,
    skip: int = 0,
) -> list[DifferenceRow]:
    """Those that nobody has settled, or all others: duplicates first, then the newest."""
    rows = await store.differences(pool, connection_id, kind, most, skip, is_open=is_open)
    return [difference_of(row) for row in rows]


async def difference(pool: Pool, number: int) -> DifferenceRow | None:
    """One of them."""
    row = await store.difference(pool, number)
    return None if row is None else difference_of(row)


def difference_of(row: Any) -> DifferenceRow:
    """A row of reconciliation_store.DIFFERENCE."""
    theirs = (row["theirs"] or {}).get("payments", [])
    return DifferenceRow(**{**dict(row), "theirs": theirs})


async def payout_trouble(connection: Connection | Pool, now: datetime) -> PayoutTrouble:
    """What somebody should look at, of all connections."""
    rows = await store.last(connection)
    late = {
        f"{row['id']} ({row['name']})": row["problem"] or ""
        for row in rows
        if row["succeeded_at"] is None or row["succeeded_at"] < now - LATE_AFTER
        if row["succeeded_at"] is not None or row["problem"] is not None
    }
    return PayoutTrouble(
        await broken(connection),
        await store.counts(connection, None),
        await balance_store.short(connection),
        late,
    )
