"""What `uzel payout` does, each change in one transaction with its note in the audit."""

import argparse
import contextlib
from dataclasses import asdict, replace
from typing import Any

import asyncpg

from uzel.app import Parts
from uzel.cli.recipients import me
from uzel.cli.wish_words import reason_said, wish_said
from uzel.connections.registry import Active
from uzel.errors import ConfigError
from uzel.flows.payouts import cards
from uzel.flows.payouts import send as sending
from uzel.model.currency import NotAnAmount, minor, text
from uzel.model.sums import read_sum
from uzel.payouts import hold_store, holding
from uzel.payouts import payout_store as store
from uzel.payouts.bank_list import directory
from uzel.payouts.begin import Begun
from uzel.payouts.keys import fingerprint_key
from uzel.payouts.limits import limits_of, set_limits
from uzel.payouts.payout import Refused, Wish
from uzel.payouts.requisites import RequisiteRejected
from uzel.payouts.wish import CURRENCY, Typed, WishRejected, read
from uzel.people.store import note

CONNECTOR = "konsol"
MOST = 100
MOST_COUNTED = 1_000_000
# Those in roubles, and the one that counts payouts.
SUMS, COUNTS = ("payout", "person_day", "day", "operator_day"), ("person_count",)
WITHOUT_NUMBER = (
    "say with --external-id which payout of yours this is: without a number the same command once "
    "more would pay twice (--dry-run needs none)"
)
NO_CONNECTION = "payouts are off: there is no such connection of konsol.pro"
ADD_ONE = "add one: uzel connection add konsol --set token=-"
SEE_THEM = "see: uzel connection list"
Told = dict[str, Any]


async def send(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Take a payout in, and have it sent."""
    if parsed.external_id is None and not parsed.dry_run:
        raise ConfigError(WITHOUT_NUMBER)
    through = connection_of(parts, parsed.through)
    async with parts.pool.acquire() as connection:
        wish = await wish_of(parts, connection, through, parsed)
        if parsed.dry_run:
            return {"dry_run": True, **shown_wish(wish)}
        try:
            begun = await begin(parts, connection, wish)
        except asyncpg.UniqueViolationError:  # the same, at this moment, by somebody else
            begun = await begin(parts, connection, wish)
    row = await store.find(parts.pool, begun.public_id)
    return {**shown(row), "repeated": begun.repeated}


async def begin(parts: Parts, connection: Any, wish: Wish) -> Begun:
    try:
        async with connection.transaction():
            limits = await limits_of(connection, wish.connection_id)
            begun = await sending.begin(connection, parts.ring, wish, limits)
            if not begun.repeated:
                about = {"amount_minor": wish.amount_minor, "external_id": wish.external_id}
                await note(connection, me(), "send", f"payout:{begun.public_id}", about)
            return begun
    except Refused as error:
        raise ConfigError(f"{error.code}: {error}") from None


async def wish_of(
    parts: Parts, connection: Any, through: Active, parsed: argparse.Namespace
) -> Wish:
    typed = Typed(
        parsed.amount, parsed.name, parsed.purpose, CURRENCY, parsed.number, parsed.phone,
        parsed.bank, parsed.external_id,
    )  # fmt: skip
    try:
        key = await fingerprint_key(connection, parts.ring)
        banks = await directory(connection, through.id)
        return read(typed, through.id, banks, key, me())
    except WishRejected as error:
        raise ConfigError(wish_said(error)) from None


async def listed(parts: Parts, parsed: argparse.Namespace) -> list[Told]:
    """The newest first."""
    rows = await store.newest(parts.pool, parsed.state, None, MOST)
    return [{**shown(row), "name": row["name"], "purpose": row["purpose"]} for row in rows]


async def show(parts: Parts, parsed: argparse.Namespace) -> Told:
    """One with its steps."""
    row = await the_payout(parts, parsed.payout)
    steps = [
        {**dict(step), "at": step["at"].isoformat()}
        for step in await store.steps(parts.pool, row["id"])
    ]
    return {**shown(row), "steps": steps}


async def cancel(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Take one back."""
    async with parts.pool.acquire() as connection, connection.transaction():
        row = await sending.cancel(connection, parsed.payout, me(), parsed.reason)
        about = {"reason": parsed.reason}
        await note(connection, me(), "cancel", f"payout:{row['public_id']}", about)
    return shown(row)


async def stop(parts: Parts, parsed: argparse.Namespace) -> Told:
    """None leaves any more."""
    async with parts.pool.acquire() as connection, connection.transaction():
        changed = await store.stop(connection, parsed.reason, me())
        if changed:
            await note(connection, me(), "stop", "payouts", {"reason": parsed.reason})
    return {"stopped": True, "changed": changed}


async def go_on(parts: Parts, parsed: argparse.Namespace) -> Told:
    """They leave again, at once."""
    async with parts.pool.acquire() as connection, connection.transaction():
        changed = await holding.go_on(connection, me())
    return {"stopped": False, "changed": changed}


async def status(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Whether they may leave."""
    stopped = await store.stopped(parts.pool)
    trips = await hold_store.trips(parts.pool)
    held = [
        {
            "through": row["name"],
            "why": row["detail"],
            "since": row["made_at"].isoformat(),
            "trial_at": row["probe_at"].isoformat(),
        }
        for row in trips
    ]
    why = None if stopped is None else {**dict(stopped), "made_at": stopped["made_at"].isoformat()}
    return {"may_leave": stopped is None and not held, "stopped": why, "held": held}


async def card(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Enter the card of a payout again."""
    try:
        async with parts.pool.acquire() as connection, connection.transaction():
            row = await cards.enter_again(
                connection, parts.ring, parsed.payout, parsed.number, me()
            )
            await note(connection, me(), "enter_card", f"payout:{row['public_id']}", {})
    except RequisiteRejected as error:
        raise ConfigError(reason_said("card", error.reason)) from None
    return shown(row)


async def limits(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Show or change them."""
    through = connection_of(parts, parsed.through)
    typed = {name: getattr(parsed, name) for name in (*SUMS, *COUNTS)}
    given = {
        name: limit_of(value) if name in SUMS else count_of(value)
        for name, value in typed.items()
        if value is not None
    }
    async with parts.pool.acquire() as connection, connection.transaction():
        found = await limits_of(connection, through.id)
        if given:
            found = replace(found, **given)
            await set_limits(connection, through.id, found)
            await note(connection, me(), "limit", f"payouts:{through.id}", asdict(found))
    return {
        name: text(value, CURRENCY) if name in SUMS and value is not None else value
        for name, value in asdict(found).items()
    }


def count_of(typed: str) -> int | None:
    """A whole number; None for `none`. Raises ConfigError."""
    if typed != "none" and not typed.isdecimal():
        raise ConfigError(f"{typed} is no whole number")
    return None if typed == "none" else min(int(typed), MOST_COUNTED)


def limit_of(typed: str) -> int | None:
    """Minor units; None for `none`. Raises ConfigError."""
    if typed == "none":
        return None
    found = read_sum(typed)
    with contextlib.suppress(NotAnAmount):
        if found is not None and found.amount is not None and found.amount >= 0:
            return minor(found.amount, CURRENCY)
    raise ConfigError(f"{typed} is no amount in roubles")


def connection_of(parts: Parts, name: str | None) -> Active:
    """Through which it is paid. Raises ConfigError."""
    every = [it for it in parts.registry.all() if it.connector.name == CONNECTOR]
    found = [it for it in every if name in (None, it.name)]
    if not found:
        raise ConfigError(f"{NO_CONNECTION}; {SEE_THEM if every else ADD_ONE}")
    if len(found) > 1:
        names = ", ".join(it.name for it in found)
        raise ConfigError(f"say with --through which connection is meant: {names}")
    return found[0]


async def the_payout(parts: Parts, name: str) -> Any:
    row = await store.find(parts.pool, name)
    if row is None:
        raise ConfigError(f"there is no payout {name}; see: uzel payout list")
    return row


def shown_wish(wish: Wish) -> Told:
    """What would be asked for."""
    return {
        "amount": text(wish.amount_minor, wish.currency),
        "currency": wish.currency,
        "to": wish.card.shown if wish.card else wish.phone,
        "bank": wish.bank_name,
    }


def shown(row: Any) -> Told:
    """A payout as JSON."""
    return {
        "payout": row["public_id"],
        "state": row["state"],
        "amount": text(row["amount_minor"], row["currency"]),
        "currency": row["currency"],
        "to": row["card_shown"] or row["phone"],
        "bank": row["bank_name"],
        "mark": row["mark"],
        "external_id": row["external_id"],
        "provider_id": row["provider_id"],
        "provider_status": row["provider_status"],
        "error": row["error"],
        "created_at": row["created_at"].isoformat(),
    }
