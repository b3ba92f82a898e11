"""Partners: all of them, what waits for a second person, a new one, one of them at a glance."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.errors import ConfigError
from uzel.ledger.accounts import LIVE
from uzel.model.currency import EXPONENTS
from uzel.partners import manage, proposal_store
from uzel.partners import partner_store as store
from uzel.partners.proposals import limit_of
from uzel.people.store import note
from uzel.views import partners_store
from uzel.views.partners import PartnerRow, PaymentFilter, list_partners, list_payments
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import row_id
from uzel.web.console.page import go
from uzel.web.console.partners_acts import Acts
from uzel.web.console.partners_desk import blank, settings_of, show, the_partner, today
from uzel.web.console.typed import Typed

USUAL_CURRENCY = "RUB"
FIRST = ("RUB", "KZT", "USD", "EUR", "BYN", "UZS", "KGS", "AMD", "GEL")
LONGEST_NAME = 100
FEW, MOST_ACTS = 8, 30

router = APIRouter(include_in_schema=False)


@router.get("/partners")
async def show_list(desk: OwnDesk) -> Response:
    """Balances and the day of everybody, below what waits for a second person."""
    pool = desk.deps.pool
    partners = await list_partners(pool, today(desk))
    proposals = await proposal_store.waiting(pool)
    limit = await limit_of(pool)
    template = "partners.html" if partners or proposals else "partners_none.html"
    return show(desk, template, None, partners=partners, proposals=proposals, limit=limit)


@router.get("/partners/new")
async def ask_new(desk: AdminDesk) -> Response:
    """Where a partner is added."""
    return new_page(desk, Typed(desk.language, {}))


def new_page(desk: Desk, typed: Typed) -> Response:
    values = blank(("name", "commission_percent"), currency=USUAL_CURRENCY) | dict(typed.form)
    others = sorted(set(EXPONENTS) - set(FIRST))
    status = 422 if typed.wrong else 200
    return show(
        desk,
        "partners_new.html",
        None,
        status,
        values=values,
        wrong=typed.wrong,
        currencies=(*FIRST, *others),
    )


@router.post("/partners/new")
async def add(desk: AdminDesk) -> Response:
    """Add one, with a balance of nothing."""
    typed = Typed(desk.language, desk.form)
    name = typed.line("name", LONGEST_NAME)
    currency = typed.choice("currency", EXPONENTS)
    percent = typed.decimal("commission_percent")
    if percent is not None and percent > 100:
        typed.refuse("commission_percent", m("Нужно не больше {le}."), le=100)
    if typed.wrong:
        return new_page(desk, typed)
    pool, login = desk.deps.pool, desk.person.login
    try:
        async with pool.acquire() as connection, connection.transaction():
            added = await manage.add(connection, name, currency)
            changes = {"commission_percent": str(percent)} if percent else {}
            await manage.change_settings(connection, added.id, changes)
            await note(connection, login, "add", f"partner:{added.id}", {"name": name, **changes})
    except ConfigError as error:
        if "commission" in str(error):
            typed.refuse("commission_percent", m("Не больше четырёх знаков после запятой."))
        else:
            typed.refuse("name", m("Партнёр с таким названием уже есть."))
        return new_page(desk, typed)
    return go(f"/partners/{added.id}", "partner_added")


@router.get("/partners/payments/{number}")
async def find_payment(desk: OwnDesk, number: str) -> Response:
    """From a number of a row, as the search gives it, to the page."""
    row = await partners_store.payment_place(desk.deps.pool, row_id(number))
    if row is None:
        raise HTTPException(404)
    return go(f"/partners/{row['partner_id']}/payments/{row['public_id']}")


@router.get("/partners/{partner_id}")
async def show_partner(desk: OwnDesk, partner_id: str) -> Response:
    """Where the balance stands, the last payments, who did what."""
    partner, pool = await the_partner(desk, partner_id), desk.deps.pool
    page = await list_payments(pool, PaymentFilter(partner.id, LIVE), None, FEW)
    tokens = await store.tokens(pool, partner.id)
    now = datetime.now(UTC)
    return show(
        desk,
        "partner.html",
        partner,
        tab="",
        payments=page.items,
        more=page.next is not None,
        living=[t for t in tokens if is_living(t, now)],
        settings=settings_of(partner),
        proposals=await proposal_store.waiting(pool, partner.id),
        moves=await proposal_store.newest(pool, partner.id, FEW),
        acts=await partners_store.acts(pool, f"partner:{partner.id}", MOST_ACTS),
        told_of=Acts(desk, partner.currency, {token["id"]: token for token in tokens}),
        limit=await limit_of(pool),
    )


def is_living(token: Mapping[str, Any], now: datetime) -> bool:
    """Whether a row of a token works."""
    expires_at = token["expires_at"]
    return token["revoked_at"] is None and (expires_at is None or expires_at > now)


@router.get("/partners/{partner_id}/close")
async def ask_close(desk: AdminDesk, partner_id: str) -> Response:
    """Whether none of its tokens is to work any longer."""
    return close_page(desk, await the_partner(desk, partner_id), {})


def close_page(
    desk: Desk, partner: PartnerRow, wrong: Mapping[str, object], status: int = 200
) -> Response:
    values = blank(("reason",))
    return show(desk, "partner_close.html", partner, status, wrong=wrong, values=values)


@router.post("/partners/{partner_id}/close")
async def close(desk: AdminDesk, partner_id: str) -> Response:
    """Close it, or open it again."""
    partner = await the_partner(desk, partner_id)
    typed = Typed(desk.language, desk.form)
    reason = typed.line("reason", 500)
    if typed.wrong:
        return close_page(desk, partner, typed.wrong, 422)
    closes = partner.state == "active"
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        if closes:
            await manage.close(connection, partner.id)
        else:
            await manage.reopen(connection, partner.id)
        act = "close" if closes else "reopen"
        subject = f"partner:{partner.id}"
        await note(connection, desk.person.login, act, subject, {"reason": reason})
    return go(f"/partners/{partner.id}", "partner_closed" if closes else "partner_open")
