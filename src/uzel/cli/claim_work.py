"""What `uzel claim` does, each change in one transaction with its note in the audit."""

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from uzel.app import Parts
from uzel.cli.payout_work import connection_of, limit_of
from uzel.cli.plain import plain as in_words
from uzel.cli.who import who
from uzel.cli.wish_words import wish_said
from uzel.errors import ConfigError
from uzel.flows.payouts import claims as flow
from uzel.kit.database import Connection
from uzel.model.cards import masked
from uzel.model.currency import text
from uzel.payouts.claims import acts, approval, thread
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims import claimant_store as claimants
from uzel.payouts.claims.claim import ClaimRefused, Form
from uzel.payouts.wish import CURRENCY, WishRejected
from uzel.people.store import note
from uzel.views.claim_life import claim_life
from uzel.views.claim_list_store import ClaimFilter, ClaimRow, claim_by_id, list_claims

MOST = 100
Told = dict[str, Any]
Result = TypeVar("Result")
Act = Callable[[Connection, str], Awaitable[Any]]


async def done(work: Awaitable[Result]) -> Result:
    """What work gives; what refuses it becomes an error in one line."""
    try:
        return await work
    except ClaimRefused as error:
        more = "; ".join(f"{name}: {in_words(value)}" for name, value in error.about.items())
        raise ConfigError(f"{error.code}: {error}" + (f" ({more})" if more else "")) from None
    except WishRejected as error:
        raise ConfigError(wish_said(error)) from None


async def add(parts: Parts, parsed: argparse.Namespace) -> Told:
    """A new claim, or the one there is under this number."""
    through = connection_of(parts, parsed.through).id

    async def act(connection: Connection, by: str) -> Any:
        keys = await acts.keys_of(connection, parts.ring)
        row = await acts.make(
            connection, keys, through, form_of(parsed), by, external_id=parsed.external_id
        )
        if parsed.submit and row["state"] == "draft":
            row = await acts.submit(connection, row["id"], by)
        return row

    try:
        return await change(parts, parsed, act)
    except asyncpg.UniqueViolationError:  # the same, at this moment, by somebody else
        return await change(parts, parsed, act)


async def edit(parts: Parts, parsed: argparse.Namespace) -> Told:
    async def act(connection: Connection, by: str) -> Any:
        keys = await acts.keys_of(connection, parts.ring)
        return await acts.edit(connection, keys, parsed.claim, form_of(parsed), by, parsed.version)

    return await change(parts, parsed, act)


async def submit(parts: Parts, parsed: argparse.Namespace) -> Told:
    return await change(parts, parsed, lambda c, by: acts.submit(c, parsed.claim, by))


async def approve(parts: Parts, parsed: argparse.Namespace) -> Told:
    """One person's word; or what it would do."""
    if parsed.dry_run:
        return await preview(parts, parsed)
    if parsed.version is None:
        raise ConfigError("say with --version which one you have looked at: uzel claim show CLAIM")
    return await change(
        parts,
        parsed,
        lambda c, by: flow.approve(c, parts.ring, parsed.claim, parsed.version, by),
    )


async def preview(parts: Parts, parsed: argparse.Namespace) -> Told:
    async with parts.pool.acquire() as connection:
        by = await who(connection, parsed.by)
        seen = await flow.preview(connection, parts.ring, parsed.claim, parsed.version, by)
    row = await the_claim(parts, parsed.claim)
    return {
        "dry_run": True,
        **shown(row),
        "would_be": str(seen.state),
        "held_code": seen.held_code,
        "reason": seen.reason,
        "approvals": f"{seen.have} of {seen.need}",
        "left_today": {name: text(left, row.currency) for name, left in seen.left.items()},
    }


def read_file(name: str) -> bytes:
    """So much of it that too much is noticed. Raises ConfigError."""
    try:
        with Path(name).open("rb") as file:
            return file.read(thread.LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from None


async def reject(parts: Parts, parsed: argparse.Namespace) -> Told:
    return await change(
        parts, parsed, lambda c, by: approval.reject(c, parsed.claim, by, parsed.reason)
    )


async def cancel(parts: Parts, parsed: argparse.Namespace) -> Told:
    return await change(
        parts, parsed, lambda c, by: acts.cancel(c, parsed.claim, by, parsed.reason)
    )


async def pay(parts: Parts, parsed: argparse.Namespace) -> Told:
    return await change(
        parts, parsed, lambda c, by: flow.pay_again(c, parts.ring, parsed.claim, by)
    )


async def say(parts: Parts, parsed: argparse.Namespace) -> Told:
    async def act(connection: Connection, by: str) -> Any:
        await thread.say(connection, parsed.claim, parsed.text, by, is_claimants=False)
        return await store.find(connection, parsed.claim)

    return await change(parts, parsed, act)


async def attach(parts: Parts, parsed: argparse.Namespace) -> Told:
    """`content` of the file was read already."""

    async def act(connection: Connection, by: str) -> Any:
        await thread.attach(connection, parsed.claim, Path(parsed.file).name, parsed.content, by)
        return await store.find(connection, parsed.claim)

    return await change(parts, parsed, act)


async def change(parts: Parts, parsed: argparse.Namespace, act: Act) -> Told:
    """Do it, note it, and tell of the claim as it is then."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await act(connection, by)
        about = {"state": row["state"], "version": row["version"]}
        await note(connection, by, parsed.work, f"claim:{row['id']}", about)
    return shown(await the_claim(parts, row["id"]))


async def listed(parts: Parts, parsed: argparse.Namespace) -> list[Told]:
    """The newest first."""
    chosen = ClaimFilter(state=parsed.state, claimant=parsed.claimant)
    page = await list_claims(parts.pool, chosen, None, MOST)
    return [shown(row) for row in page.items]


async def show(parts: Parts, parsed: argparse.Namespace) -> Told:
    """One with everything about it."""
    life = await claim_life(parts.pool, parsed.claim)
    if life is None:
        raise ConfigError(f"there is no claim {parsed.claim}; see: uzel claim list")
    return {
        **shown(life.row),
        "approvals": life.approvals,
        "approvals_needed": life.needed,
        "steps": [plain(step) for step in life.steps],
        "payouts": [plain(payout, "payout_id") for payout in life.payouts],
        "messages": [plain(message) for message in life.messages],
        "files": [plain(file) for file in life.files],
    }


async def block(parts: Parts, parsed: argparse.Namespace) -> Told:
    """No more claims of theirs."""
    if not (reason := acts.reason_of(parsed.reason)):
        raise ConfigError("say why: the reason is empty")
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        found = await the_claimant(connection, parsed.claimant)
        changed = await claimants.block(connection, found["id"], by, reason)
        if changed:
            await note(connection, by, "block", f"claimant:{found['id']}", {"reason": reason})
    return {"claimant": found["key"], "blocked": True, "changed": changed}


async def unblock(parts: Parts, parsed: argparse.Namespace) -> Told:
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        found = await the_claimant(connection, parsed.claimant)
        changed = await claimants.unblock(connection, found["id"])
        if changed:
            await note(connection, by, "unblock", f"claimant:{found['id']}", {})
    return {"claimant": found["key"], "blocked": False, "changed": changed}


async def rules(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Show or change them."""
    through = connection_of(parts, parsed.through).id
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        if parsed.two_above is not None:
            above = limit_of(parsed.two_above)
            await store.set_two_above(connection, through, above)
            await note(connection, by, "rules", f"claims:{through}", {"two_above_minor": above})
        found = await store.two_above(connection, through)
    return {"two_above": None if found is None else text(found, CURRENCY), "currency": CURRENCY}


async def the_claim(parts: Parts, number: int) -> ClaimRow:
    row = await claim_by_id(parts.pool, number)
    assert row is not None
    return row


async def the_claimant(connection: Connection, key: str) -> Any:
    found = await claimants.by_key(connection, key)
    if found is None:
        said = f"nobody who asked is called {masked(key)}"
        raise ConfigError(f"{said}; see: uzel claim show CLAIM")
    return found


def form_of(parsed: argparse.Namespace) -> Form:
    return Form(
        parsed.amount, parsed.purpose, parsed.name, parsed.number, parsed.phone, parsed.bank
    )


def shown(row: ClaimRow) -> Told:
    """A claim as JSON."""
    amount = None if row.amount_minor is None else text(row.amount_minor, row.currency)
    return {
        "claim": row.id,
        "state": row.state,
        "version": row.version,
        "amount": amount,
        "currency": row.currency,
        "name": row.name,
        "to": row.card_shown or row.phone,
        "bank": row.bank_name,
        "purpose": row.purpose,
        "external_id": row.external_id,
        "claimant": row.claimant,
        "made_by": row.made_by,
        "edited_by": row.edited_by,
        "reason": row.reason,
        "held_code": row.held_code,
        "payout": row.payout,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def plain(row: Any, *hidden: str) -> Told:
    """A row as JSON."""
    found = {name: value for name, value in dict(row).items() if name not in hidden}
    return found | ({"at": found["at"].isoformat()} if "at" in found else {})
