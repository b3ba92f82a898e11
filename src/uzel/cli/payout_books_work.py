"""What the commands of `payout_books` do."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from uzel.app import Parts
from uzel.cli.payout_statement import write as statement
from uzel.cli.payout_work import connection_of
from uzel.cli.recipients import me
from uzel.cli.statements import day, midnight
from uzel.connections.registry import Active
from uzel.errors import CallFailed, ConfigError
from uzel.flows.payouts import chore_store
from uzel.flows.payouts.chores import BANKS, Chores
from uzel.flows.payouts.reconcile import LAG, STALE_AFTER, Rules
from uzel.flows.payouts.reconcile import reconcile as compare_books
from uzel.model.currency import text
from uzel.payouts.accounting import reconcile_store
from uzel.payouts.accounting.balance import BalanceView, balance_view
from uzel.payouts.accounting.invariants import broken
from uzel.payouts.bank_list import directory
from uzel.people.store import note
from uzel.views import reconciliation
from uzel.views.reconciliation import DifferenceRow

Told = dict[str, Any]
__all__ = ["balance", "banks", "differences", "reconcile", "settle", "statement"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def chores_of(parts: Parts) -> Chores:
    return Chores(parts.pool, parts.registry, parts.reach)


async def banks(parts: Parts, parsed: argparse.Namespace) -> Told:
    """The directory, or which bank is meant. Raises ConfigError."""
    through = connection_of(parts, parsed.through)
    taken = None
    if parsed.fetch:
        try:
            taken = await chores_of(parts).banks_now(through)
        except (CallFailed, TimeoutError) as error:
            raise ConfigError(f"the list was not taken: {error}") from None
    async with parts.pool.acquire() as connection:
        known = await directory(connection, through.id)
        rows = await chore_store.every(connection, through.id)
    found = known.find(parsed.name) if parsed.name else known.banks()
    chore = next((row for row in rows if row["chore"] == BANKS), None)
    taken_at = chore["succeeded_at"] if chore else None
    return {
        "name": parsed.name,
        "banks": [{"id": bank.member_id, "name": bank.name} for bank in found],
        "taken_at": taken_at and taken_at.isoformat(),
        "problem": chore["problem"] if chore else None,
        **({"taken": taken} if taken else {}),
    }


async def balance(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Where the money stands. Raises ConfigError."""
    through = connection_of(parts, parsed.through)
    if parsed.fetch:
        try:
            await chores_of(parts).balance_now(through)
        except (CallFailed, TimeoutError) as error:
            raise ConfigError(f"the balance was not told: {error}") from None
    return shown_balance(await balance_view(parts.pool, through.id, datetime.now(UTC)))


def shown_balance(view: BalanceView) -> Told:
    """As JSON."""

    def amount(minor: int | None) -> str | None:
        return None if minor is None else text(minor, view.currency)

    return {
        "currency": view.currency,
        "balance": amount(view.balance_minor),
        "at": view.at and view.at.isoformat(),
        "is_old": view.is_old,
        "held": amount(view.held_minor),
        "unsent": amount(view.unsent_minor),
        "free": amount(view.free_minor),
        "is_short": view.is_short,
        "enough_until": view.enough_until and view.enough_until.isoformat(),
        "outflow": {WEEKDAYS[it]: amount(minor) for it, minor in view.outflow.items()},
    }


async def reconcile(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Compare both books now. Raises ConfigError."""
    through = connection_of(parts, parsed.through)
    zone = ZoneInfo(await reconcile_store.zone(parts.pool, through.id))
    window = None
    if parsed.day:
        asked = day(parsed.day)
        window = midnight(asked, zone), midnight(asked + timedelta(days=1), zone)
        if window[0] >= datetime.now(UTC):
            raise ConfigError(f"{parsed.day} has not begun")
    rules = rules_of(parsed)
    run = await compare_books(
        parts.pool, parts.reach, through, made_by=me(), day=window, rules=rules
    )
    (row,) = await reconciliation.runs(parts.pool, through.id, most=1, before=run.id + 1)
    return {
        **{name: plain(value) for name, value in asdict(row).items()},
        "unexplained_minor": row.unexplained_minor,
        "settled": run.settled,
        "looks": run.looks,
        "too_young": len(run.compared.skipped),
        "broken": await broken(parts.pool),
        "differences": await open_ones(parts, through, None),
    }


def rules_of(parsed: argparse.Namespace) -> Rules:
    """What counts as a difference. Raises ConfigError."""
    given = (parsed.lag, parsed.stale)
    if any(it is not None and not 0 <= it <= 10_000 for it in given):
        raise ConfigError("--lag and --stale: from 0 to 10000")
    lag = LAG if parsed.lag is None else timedelta(minutes=parsed.lag)
    return Rules(lag, STALE_AFTER if parsed.stale is None else timedelta(hours=parsed.stale))


async def open_ones(parts: Parts, through: Active, kind: str | None) -> list[Told]:
    return shown(await reconciliation.differences(parts.pool, through.id, kind=kind))


async def differences(parts: Parts, parsed: argparse.Namespace) -> list[Told]:
    """Those that are open, or those that are no more."""
    through = connection_of(parts, parsed.through)
    return shown(
        await reconciliation.differences(
            parts.pool, through.id, is_open=not parsed.settled, kind=parsed.kind
        )
    )


async def settle(parts: Parts, parsed: argparse.Namespace) -> Told:
    """A person has looked into it. Raises ConfigError."""
    if not parsed.note.strip():
        raise ConfigError("say what it was about")
    async with parts.pool.acquire() as connection, connection.transaction():
        row = await reconcile_store.settle(connection, parsed.number, me(), parsed.note.strip())
        if row is None:
            raise ConfigError(f"no difference {parsed.number} is open; see uzel payout differences")
        about = {"kind": row["kind"], "subject": row["subject"], "note": parsed.note.strip()}
        await note(connection, me(), "settle", f"payout_difference:{parsed.number}", about)
    return {"difference": parsed.number, "kind": row["kind"], "subject": row["subject"]}


def shown(rows: Sequence[DifferenceRow]) -> list[Told]:
    return [{name: plain(value) for name, value in asdict(row).items()} for row in rows]


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
