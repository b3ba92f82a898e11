"""Payouts: those nobody knows the outcome of first, then the newest; one with its whole life."""

import re

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.errors import ConfigError
from uzel.flows.payouts import send
from uzel.model.currency import text as plain_sum
from uzel.payouts import hold_store
from uzel.payouts.accounting import reconcile_store
from uzel.people.store import note
from uzel.views import payouts_store
from uzel.views.payouts import (
    STATES,
    PayoutFilter,
    PayoutRow,
    list_payouts,
    payout_life,
    unknown_payouts,
)
from uzel.web.console.claims_desk import providers, show
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.listing import PER_PAGE, Asked, asked, found, listing, row_id
from uzel.web.console.page import go
from uzel.web.console.payouts_life import moments_of
from uzel.web.console.payouts_money import money_of
from uzel.web.console.typed import Typed

FIELDS = ("state", "q")
PUBLIC_ID = re.compile(r"po_[0-9a-f]{16}")
LONGEST_REASON = 500
HEAD = (
    *("payout_id", "external_id", "claim", "created_at", "state", "amount", "currency", "name"),
    *("to", "bank", "purpose", "mark", "provider_id", "provider_status", "error", "ended_at"),
)

router = APIRouter(include_in_schema=False)


@router.get("/payouts")
async def show_list(desk: OwnDesk) -> Response:
    """The doubtful ones first, then all by any filter."""
    wanted, pool = asked(desk, FIELDS), desk.deps.pool
    page = await list_payouts(pool, narrowed(wanted), wanted.before, PER_PAGE)
    is_first = not wanted.values and wanted.before is None
    return show(
        desk,
        "payouts.html",
        wanted=wanted,
        listing=listing(page, wanted),
        unknown=await unknown_payouts(pool) if is_first else [],
        money=[await money_of(desk, active) for active in providers(desk)] if is_first else [],
        trips=await hold_store.trips(pool) if is_first else [],
        differences=await reconcile_store.open_differences(pool, None) if is_first else 0,
        states=STATES,
        providers=providers(desk),
    )


def narrowed(wanted: Asked) -> PayoutFilter:
    """The filter of the views."""
    return PayoutFilter(wanted.get("state"), wanted.get("q"), wanted.since, wanted.until)


@router.get("/payouts.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""
    wanted, pool = asked(desk, FIELDS), desk.deps.pool
    chosen = narrowed(wanted)
    return export(
        "payouts",
        desk.zone,
        HEAD,
        lambda before, limit: list_payouts(pool, chosen, before, limit),
        cells,
    )


def cells(payout: PayoutRow) -> tuple[Cell, ...]:
    """A line of the file."""
    return (
        *(payout.public_id, payout.external_id, payout.claim_id, payout.created_at),
        *(payout.state, plain_sum(payout.amount_minor, payout.currency), payout.currency),
        *(payout.name, payout.card_shown or payout.phone, payout.bank_name, payout.purpose),
        *(payout.mark, payout.provider_id, payout.provider_status, payout.error),
        payout.ended_at,
    )


@router.get("/payouts/{public_id}")
async def show_payout(desk: OwnDesk, public_id: str) -> Response:
    """One payout: where it is, each step and call, what the provider said. Its number in a call
    leads there, too.
    """
    if not PUBLIC_ID.fullmatch(public_id):
        name = await payouts_store.name_of(desk.deps.pool, row_id(public_id))
        return go(f"/payouts/{found(name)}")
    return await payout_page(desk, public_id, Typed(desk.language, {}))


async def payout_page(desk: Desk, public_id: str, typed: Typed) -> Response:
    life = found(await payout_life(desk.deps.pool, public_id))
    return show(
        desk,
        "payout.html",
        422 if typed.wrong else 200,
        life=life,
        payout=life.payout,
        moments=moments_of(life),
        can_withdraw=life.payout.state == "waiting" and desk.may_decide,
        wrong=typed.wrong,
        values={"reason": typed.plain("reason")},
    )


@router.post("/payouts/{public_id}/cancel")
async def cancel(desk: OwnDesk, public_id: str) -> Response:
    """Take it back while it waits; where it may have left already, nothing is done."""
    if not desk.may_decide:
        raise HTTPException(403)
    if not PUBLIC_ID.fullmatch(public_id):
        raise HTTPException(404)
    typed, login = Typed(desk.language, desk.form), desk.person.login
    reason = typed.line("reason", LONGEST_REASON)
    if typed.wrong:
        return await payout_page(desk, public_id, typed)
    back = after(desk, public_id)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            await send.cancel(connection, public_id, login, reason)
            await note(connection, login, "cancel", f"payout:{public_id}", {"reason": reason})
    except ConfigError:
        return go(back, "payout_too_late")
    return go(back, "payout_withdrawn")


def after(desk: Desk, public_id: str) -> str:
    """The claim it was taken back from, where that is where the form stood."""
    claim = desk.form.get("claim", "")
    is_number = claim.isascii() and claim.isdigit() and len(claim) < 20
    return f"/claims/{claim}" if is_number else f"/payouts/{public_id}"
