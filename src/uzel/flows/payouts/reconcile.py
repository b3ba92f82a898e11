"""Our payouts beside the provider's list, written down. Nothing is repaired by it: where a status
differs the provider is asked for that one payout, since its word to a question of ours is what
moves a payout.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Active
from uzel.errors import CallFailed, ConfigError, ContractBroken
from uzel.flows.payouts import chore_store, send
from uzel.kit.database import Connection, Pool
from uzel.payouts import payout_store as payouts
from uzel.payouts.accounting import compare
from uzel.payouts.accounting import reconcile_store as store
from uzel.payouts.accounting.compare import Compared, Difference, Kind, Ours, Theirs, Window
from uzel.payouts.payout import State

log = logging.getLogger("uzel.payouts")

CHORE, LIST = "reconcile", "payments"
# How long one side may be behind the other before that is a difference.
LAG = timedelta(hours=1)
STALE_AFTER = timedelta(hours=24)
# A run looks back so far, and to the oldest that is open or differs, but no further than LONGEST
# nor than the connection.
USUAL, LONGEST = timedelta(days=7), timedelta(days=90)
# Their clock may run behind ours.
CLOCKS_DIFFER_BY = timedelta(minutes=10)
NOT_ALL = "the provider's list was not read to its end"


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as a difference, see `compare.Window`."""

    lag: timedelta = LAG
    stale_after: timedelta = STALE_AFTER


@dataclass(slots=True)
class Run:
    """One run. `void`: why nothing follows from it; `new`: differences that were not known;
    `looks`: payouts that the provider is asked for now.
    """

    window: Window
    id: int = 0
    void: str | None = None
    compared: Compared = field(default_factory=Compared)
    new: int = 0
    gone: int = 0
    settled: int = 0
    looks: int = 0
    balances: tuple[Any, Any] = (None, None)
    left_minor: int | None = None

    @property
    def unexplained_minor(self) -> int | None:
        """By how much the balance changed otherwise than by what left: above zero for money that
        came in, below for fees, or for what is not in the list.
        """
        first, last = self.balances
        if self.left_minor is None or first is None or last is None:
            return None
        change: int = last["balance_minor"] - first["balance_minor"]
        return change + self.left_minor


async def reconcile(
    pool: Pool,
    reach: Reach,
    active: Active,
    *,
    made_by: str,
    day: tuple[datetime, datetime] | None = None,
    rules: Rules | None = None,
) -> Run:
    """Compare both books of `day`, or of the last week and back to what is open, and keep what
    differs. A list that cannot be read, or not to its end, makes the run void. Raises database
    errors only.
    """
    window = await window_of(pool, active.id, day, rules or Rules())
    try:
        theirs = await listed(reach, active, window.since)
    except (CallFailed, ConfigError, TimeoutError) as error:
        return await keep_void(pool, active, Run(window), made_by, str(error) or NOT_ALL)
    if theirs is None:
        return await keep_void(pool, active, Run(window), made_by, NOT_ALL)
    async with pool.acquire() as connection, connection.transaction():
        await chore_store.alone(connection, active.id, CHORE)
        run = await compared(connection, active, window, theirs)
        await keep(connection, active, run, made_by)
    for it in run.compared.differences:
        if it.kind is Kind.DUPLICATE:
            ids = ", ".join(one.id for one in it.theirs)
            log.error("the mark %s stands in several payments: %s", it.subject, ids)
    return run


async def window_of(
    pool: Pool, connection_id: int, day: tuple[datetime, datetime] | None, rules: Rules
) -> Window:
    now = datetime.now(UTC)
    if day is not None:
        return Window(day[0], min(day[1], now), now, rules.lag, rules.stale_after)
    async with pool.acquire() as connection:
        row = await store.oldest(connection, connection_id)
    # What was paid before anybody paid from here is not ours to know of.
    since = max(min(now - USUAL, row["oldest"] or now), now - LONGEST, row["begun"])
    return Window(since, now, now, rules.lag, rules.stale_after)


async def listed(reach: Reach, active: Active, since: datetime) -> list[Theirs] | None:
    """The provider's whole list since then; None where it was not read to its end. Raises
    CallFailed, ConfigError.
    """
    operation = active.connector.operations[LIST]
    asked = {"since": (since - CLOCKS_DIFFER_BY).isoformat()}
    answer = await reach.ask(active, operation, asked)
    if answer.data.get("complete") is not True:
        return None
    return [theirs_of(it) for it in answer.data["payments"]]


def theirs_of(it: Mapping[str, Any]) -> Theirs:
    """A payment as the connector gives it. Raises ContractBroken."""
    try:
        return Theirs(
            it["id"], it["reference"], it["status"], it["meaning"], it["amount_minor"],
            it["currency"], it["kind"], it["masked"], it["bank"], moment(it["created_at"]),
            moment(it["paid_at"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise ContractBroken("a payment in the list cannot be read") from error


def moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)


def ours_of(row: Any) -> Ours:
    """A row of reconcile_store.OURS."""
    return Ours(
        row["id"], row["public_id"], row["mark"], State(row["state"]), row["amount_minor"],
        row["currency"], row["kind"], row["target"], row["bank_id"], row["provider_id"],
        row["created_at"], row["updated_at"],
    )  # fmt: skip


async def compared(
    connection: Connection, active: Active, window: Window, theirs: Sequence[Theirs]
) -> Run:
    """Our side is read after theirs: what moved in between is too young to differ."""
    marks = [it.reference for it in theirs if it.reference is not None]
    rows = await store.to_compare(
        connection, active.id, window.since, window.until, marks, [it.id for it in theirs]
    )
    mine = [ours_of(row) for row in rows if row["connection_id"] == active.id]
    others = [row for row in rows if row["connection_id"] != active.id]
    known = [name for row in others for name in (row["mark"], row["provider_id"]) if name]
    run = Run(window, compared=compare.compare(mine, theirs, window, known))
    run.balances = await store.balances(connection, active.id, window.since, window.until)
    run.left_minor = left(theirs, run.balances)
    return run


def left(theirs: Sequence[Theirs], balances: tuple[Any, Any]) -> int | None:
    """What left between two balances by the provider's list; None without two of them."""
    first, last = balances
    if first is None or last is None or first["at"] == last["at"]:
        return None
    return sum(
        it.amount_minor or 0
        for it in theirs
        if it.created_at is not None
        and first["at"] < it.created_at <= last["at"]
        and not it.is_undone
    )


async def keep(connection: Connection, active: Active, run: Run, made_by: str) -> None:
    """Write down what a run saw, and what is gone since the last one."""
    run.id = await store.add_run(connection, run_row(active.id, run, made_by))
    rows = [row_of(it) for it in run.compared.differences]
    kept = await store.seen(connection, active.id, run.id, rows)
    run.new, run.settled = sum(row["new"] for row in kept), len(rows) - len(kept)
    days = (run.window.since, run.window.until)
    run.gone = await store.gone(connection, active.id, run.id, days, run.compared.skipped)
    await store.counted(connection, run.id, len(rows), run.new, run.gone)
    run.looks = await look(connection, run.compared.differences)


async def keep_void(pool: Pool, active: Active, run: Run, made_by: str, because: str) -> Run:
    """Write down that there was a run from which nothing follows."""
    run.void = because[:500]
    async with pool.acquire() as connection:
        run.id = await store.add_run(connection, run_row(active.id, run, made_by))
    log.warning("the payouts of connection %s were not reconciled: %s", active.id, run.void)
    return run


def run_row(connection_id: int, run: Run, made_by: str) -> tuple[Any, ...]:
    """As reconcile_store.ADD_RUN takes it."""
    window, found = run.window, run.compared
    first, last = run.balances
    return (
        connection_id, window.since, window.until, window.read_at, made_by, run.void, found.ours,
        found.ours_minor, found.theirs, found.theirs_minor,
        first and first["at"], first and first["balance_minor"],
        last and last["at"], last and last["balance_minor"], run.left_minor,
    )  # fmt: skip


def row_of(it: Difference) -> tuple[Any, ...]:
    """As reconcile_store.seen takes it."""
    ours = it.ours.seen() if it.ours else None
    theirs = {"payments": [one.seen() for one in it.theirs]} if it.theirs else None
    payout_id = it.ours.id if it.ours else None
    return (
        it.kind.value, it.subject, it.subject_at, payout_id, it.provider_id, ours, theirs,
    )  # fmt: skip


async def look(connection: Connection, differences: Sequence[Difference]) -> int:
    """Ask for those whose status differs. One whose answer was lost has no number here yet: its
    own look-up finds it, or a person says what became of it.
    """
    asked = 0
    for it in sorted(differences, key=lambda it: it.ours.id if it.ours else 0):
        if it.kind is Kind.STATUS and it.ours is not None and it.ours.provider_id is not None:
            row = await payouts.lock(connection, it.ours.id)
            await send.ask_after(connection, row, it.ours.provider_id, now=True)
            asked += 1
    return asked
