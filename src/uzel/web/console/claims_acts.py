"""What is done with a claim: approved, rejected, taken back, submitted, written about."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from uzel.flows.payouts import claims as flow
from uzel.kit.database import Connection
from uzel.payouts.claims import acts, approval, claimant_store, thread
from uzel.payouts.claims.acts import reason_of
from uzel.payouts.claims.claim import ClaimRefused
from uzel.people.store import note
from uzel.views.claims import ClaimRow, find_claim
from uzel.web.console.claims import claim_page
from uzel.web.console.claims_desk import may, next_path, the_claim
from uzel.web.console.claims_words import ANSWERS, REASONS, refused
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.listing import LARGEST_INT, whole
from uzel.web.console.page import go

Work = Callable[[Connection], Awaitable[Any]]
# Refusals of somebody whose word is in already: they sent the form twice.
TWICE = ("state", "voted")

router = APIRouter(include_in_schema=False)


async def do(desk: Desk, claim: ClaimRow, act: str, work: Work, **about: Any) -> None:
    """In a transaction, with its line in the audit. Raises ClaimRefused."""
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await work(connection)
        await note(connection, desk.person.login, act, f"claim:{claim.id}", about)


async def refuse(desk: Desk, claim: ClaimRow, error: ClaimRefused) -> Response:
    """The page as it is now, with why nothing was done."""
    return await claim_page(desk, str(claim.id), 409, str(refused(desk, error)))


async def onward(desk: Desk, claim: ClaimRow) -> RedirectResponse:
    """The next one that waits, and there what became of this one."""
    path = await next_path(desk, claim)
    return go(f"{path}?after={claim.id}")


@router.post("/claims/{claim_id}/approve")
async def approve(desk: OwnDesk, claim_id: str) -> Response:
    """This person's word for the version they have looked at."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    version = whole(desk.form.get("version"), LARGEST_INT) or 0
    try:
        await do(
            desk,
            claim,
            "approve",
            lambda c: flow.approve(c, desk.deps.ring, claim.id, version, login),
            version=version,
        )
    except ClaimRefused as error:
        if error.code not in TWICE or not await is_in(desk, claim, version):
            return await refuse(desk, claim, error)
    return await onward(desk, claim)


async def is_in(desk: Desk, claim: ClaimRow, version: int) -> bool:
    """Whether this person has approved this very version."""
    now = await find_claim(desk.deps.pool, claim.id)
    return (
        now is not None
        and now.version == version
        and desk.person.login.lower() in (now.votes or ())
    )


@router.post("/claims/{claim_id}/reject")
async def reject(desk: OwnDesk, claim_id: str) -> Response:
    """It is not paid, for a reason from the list or of one's own."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    version = whole(desk.form.get("version"), LARGEST_INT) or 0
    reason = chosen_reason(desk)
    try:
        await do(
            desk,
            claim,
            "reject",
            lambda c: approval.reject(c, claim.id, login, reason, version),
            reason=reason_of(reason),
        )
    except ClaimRefused as error:
        return await refuse(desk, claim, error)
    return await onward(desk, claim)


def chosen_reason(desk: Desk) -> str:
    """What was written, else what was chosen."""
    own = desk.form.get("own", "").strip()
    place = whole(desk.form.get("reason"), len(REASONS) - 1)
    return own or ("" if place is None else REASONS[place])


@router.post("/claims/{claim_id}/cancel")
async def cancel(desk: OwnDesk, claim_id: str) -> Response:
    """Take it back before it is paid."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    reason = desk.form.get("why", "")
    if not may(desk, claim).cancel:
        return await refuse(desk, claim, ClaimRefused("state", "it is not theirs, or decided"))
    try:
        await do(
            desk,
            claim,
            "cancel",
            lambda c: acts.cancel(c, claim.id, login, reason),
            reason=reason_of(reason),
        )
    except ClaimRefused as error:
        return await refuse(desk, claim, error)
    return go(f"/claims/{claim.id}", "claim_cancelled")


@router.post("/claims/{claim_id}/submit")
async def submit(desk: OwnDesk, claim_id: str) -> Response:
    """Have it decided on; what failed, once more."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    try:
        await do(desk, claim, "submit", lambda c: acts.submit(c, claim.id, login))
    except ClaimRefused as error:
        return await refuse(desk, claim, error)
    return go(f"/claims/{claim.id}", "claim_submitted")


@router.post("/claims/{claim_id}/pay")
async def pay(desk: OwnDesk, claim_id: str) -> Response:
    """Try again what a limit held back."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    if not desk.may_decide:
        return await refuse(desk, claim, ClaimRefused("no_approver", "they may not"))
    try:
        await do(desk, claim, "pay", lambda c: flow.pay_again(c, desk.deps.ring, claim.id, login))
    except ClaimRefused as error:
        return await refuse(desk, claim, error)
    now = await find_claim(desk.deps.pool, claim.id)
    is_held = now is not None and now.state == "approved"
    return go(f"/claims/{claim.id}", "claim_held" if is_held else "claim_paying")


@router.post("/claims/{claim_id}/say")
async def say(desk: OwnDesk, claim_id: str) -> Response:
    """Write to the claimant; a ready answer or what was typed."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    place = whole(desk.form.get("ready"), len(ANSWERS) - 1)
    text = desk.form.get("text", "") if place is None else ANSWERS[place]
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            await thread.say(connection, claim.id, text, login, is_claimants=False)
    except ClaimRefused as error:
        return await refuse(desk, claim, error)
    return go(f"/claims/{claim.id}", "claim_said")


@router.post("/claims/{claim_id}/block")
async def block(desk: OwnDesk, claim_id: str) -> Response:
    """Nothing is paid to this claimant any more; or it is again."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    if not may(desk, claim).block or claim.claimant_id is None:
        return await refuse(desk, claim, ClaimRefused("no_approver", "they may not"))
    claimant, reason = claim.claimant_id, reason_of(desk.form.get("why", ""))
    blocks = desk.form.get("do") != "unblock"
    if blocks and not reason:
        return await refuse(desk, claim, ClaimRefused("reason", "why is it"))
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        if blocks:
            await claimant_store.block(connection, claimant, login, reason)
        else:
            await claimant_store.unblock(connection, claimant)
        act = "block" if blocks else "unblock"
        await note(connection, login, act, f"claimant:{claimant}", {"reason": reason})
    return go(f"/claims/{claim.id}", "claimant_blocked" if blocks else "claimant_free")
