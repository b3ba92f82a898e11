"""Payments of a partner: the list, its export, one payment with its ledger entries, its end."""

import re
from collections.abc import Sequence

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.ledger.accounts import LIVE, TEST
from uzel.model.currency import text as plain_sum
from uzel.partners import payment_store
from uzel.partners.payment import State
from uzel.partners.settle import end_by_person
from uzel.partners.wish import LONGEST_REASON
from uzel.views import rates_store
from uzel.views.partners import (
    STATES,
    PartnerRow,
    PaymentFilter,
    PaymentLife,
    PaymentRow,
    list_payments,
    payment_life,
)
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.language import mark as m
from uzel.web.console.listing import PER_PAGE, Asked, asked, found, listing
from uzel.web.console.page import go
from uzel.web.console.partners_desk import blank, show, the_partner
from uzel.web.console.partners_words import BOOKS
from uzel.web.console.typed import Typed

FIELDS = ("state", "q", "book")
HEAD = (
    *("payment_id", "external_id", "created_at", "state", "amount", "currency", "cost"),
    *("commission", "balance_currency", "rate", "rate_version", "available_before"),
    *("available_after", "details", "error", "updated_at", "is_test"),
)
NUMBER = re.compile(r"(?:lead_)?txn_[0-9a-z_]{1,60}")
# What a person may make of a payment.
ENDS = {"complete": State.COMPLETED, "fail": State.FAILED}

# Question, what follows, the button.
CONFIRM = {
    "complete": (
        m("Отметить оплаченным?"),
        m("Удержанные деньги спишутся с баланса партнёра."),
        m("Да, оплачено"),
    ),
    "fail": (
        m("Отметить неудачным?"),
        m(
            "Деньги вернутся на баланс партнёра. Оплатить этот платёж потом будет нельзя. Причину "
            "партнёр получит дословно: в ответах API, вебхуках, кабинете и выписке."
        ),
        m("Да, вернуть деньги"),
    ),
}

router = APIRouter(include_in_schema=False)


def narrowed(partner: PartnerRow, wanted: Asked) -> PaymentFilter:
    """The filter of the views."""
    book = wanted.get("book")
    return PaymentFilter(
        partner.id,
        TEST if book == TEST else LIVE,
        wanted.get("state"),
        wanted.get("q"),
        wanted.since,
        wanted.until,
    )


@router.get("/partners/{partner_id}/payments")
async def show_list(desk: OwnDesk, partner_id: str) -> Response:
    """Payments by any filter, newest first."""
    partner, wanted = await the_partner(desk, partner_id), asked(desk, FIELDS)
    pool = desk.deps.pool
    page = await list_payments(pool, narrowed(partner, wanted), wanted.before, PER_PAGE)
    return show(
        desk,
        "partner_payments.html",
        partner,
        tab="/payments",
        wanted=wanted,
        listing=listing(page, wanted),
        states=STATES,
        books=BOOKS,
        base=f"/partners/{partner.id}/payments",
    )


@router.get("/partners/{partner_id}/payments.csv")
async def download(desk: OwnDesk, partner_id: str) -> Response:
    """The same as a file."""
    partner, wanted = await the_partner(desk, partner_id), asked(desk, FIELDS)
    chosen, pool = narrowed(partner, wanted), desk.deps.pool
    return export(
        "payments",
        desk.zone,
        HEAD,
        lambda before, limit: list_payments(pool, chosen, before, limit),
        cells,
    )


def cells(payment: PaymentRow) -> Sequence[Cell]:
    """A line of the file."""
    balance = payment.balance_currency
    return (
        *(payment.public_id, payment.external_id, payment.created_at, payment.state),
        *(f"{payment.amount:f}", payment.currency, plain_sum(payment.cost_minor, balance)),
        *(plain_sum(payment.commission_minor, balance), balance, f"{payment.rate:f}"),
        *(payment.rate_id, plain_sum(payment.before_minor, balance)),
        *(plain_sum(payment.after_minor, balance), payment.details, payment.error),
        *(payment.updated_at, "yes" if payment.book == TEST else "no"),
    )


@router.get("/partners/{partner_id}/payments/{payment_id}")
async def show_payment(desk: OwnDesk, partner_id: str, payment_id: str) -> Response:
    """What it costs and why, who moved it on, what the ledger says."""
    return await payment_page(desk, partner_id, payment_id, Typed(desk.language, {}))


async def payment_page(desk: Desk, partner_id: str, payment_id: str, typed: Typed) -> Response:
    partner = await the_partner(desk, partner_id)
    life = await the_life(desk, partner, payment_id)
    rate_id = life.payment.rate_id
    versions = await rates_store.versions(desk.deps.pool, [rate_id]) if rate_id else {}
    return show(
        desk,
        "partner_payment.html",
        partner,
        422 if typed.wrong else 200,
        tab="/payments",
        life=life,
        payment=life.payment,
        rate=versions.get(rate_id or 0),
        may=may_become(desk, life),
        wrong=typed.wrong,
        values=blank(("reason",)) | dict(typed.form),
    )


async def the_life(desk: Desk, partner: PartnerRow, payment_id: str) -> PaymentLife:
    """The payment with this number of ours. Raises HTTPException 404."""
    if not NUMBER.fullmatch(payment_id):
        raise HTTPException(404)
    return found(await payment_life(desk.deps.pool, partner.id, payment_id))


def may_become(desk: Desk, life: PaymentLife) -> Sequence[str]:
    """What this person may make of it: giving back what was taken is for administrators."""
    if life.payment.state == "pending":
        return tuple(ENDS)
    return ("fail",) if life.payment.state == "completed" and desk.is_admin else ()


@router.post("/partners/{partner_id}/payments/{payment_id}")
async def end(desk: OwnDesk, partner_id: str, payment_id: str) -> Response:
    """Its end, by the word of a person: asked once more before money moves."""
    partner = await the_partner(desk, partner_id)
    life = await the_life(desk, partner, payment_id)
    typed, act = Typed(desk.language, desk.form), desk.form.get("do", "")
    if act not in ENDS:
        raise HTTPException(400)
    reason = typed.line("reason", LONGEST_REASON)
    if typed.wrong:
        return await payment_page(desk, partner_id, payment_id, typed)
    here = f"/partners/{partner.id}/payments/{life.payment.public_id}"
    if act not in may_become(desk, life):
        return go(here, "payment_as_it_was")
    if desk.form.get("sure") != "yes":
        values = {"reason": reason, "do": act, "state": life.payment.state}
        return show(
            desk,
            "partner_payment_end.html",
            partner,
            tab="/payments",
            payment=life.payment,
            words=CONFIRM[act],
            values=values,
        )
    changed = await do(desk, life.payment, ENDS[act], reason)
    return go(here, "payment_ended" if changed else "payment_as_it_was")


async def do(desk: Desk, payment: PaymentRow, state: State, reason: str) -> bool:
    """Whether it was still as the person had seen it, and is no more."""
    login = desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        row = await payment_store.lock(connection, payment.public_id)
        if row["state"] != desk.form.get("state"):
            return False
        done = await end_by_person(connection, payment.public_id, state, by=login, reason=reason)
    return done.changed
