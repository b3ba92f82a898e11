"""Moving a partner's money by hand, and the second person's word on it."""

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.partners import proposal_store as store
from uzel.partners import proposals
from uzel.partners.wish import (
    LARGEST_LIMIT,
    LONGEST_REASON,
    Kind,
    Made,
    MoneyRefused,
    Rehearsed,
    State,
    Why,
    Wish,
)
from uzel.views.partners import PartnerRow
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found, row_id
from uzel.web.console.page import go
from uzel.web.console.partners_desk import (
    blank,
    key_of,
    new_key,
    show,
    the_partner,
    typed_sum,
)
from uzel.web.console.partners_words import MOVES, refusal
from uzel.web.console.typed import Typed

FIELDS = ("amount", "reason", "key")

router = APIRouter(include_in_schema=False)


def kind_in(text: str) -> Kind:
    """Raises HTTPException 404."""
    kind = next((kind for kind in MOVES if kind == text), None)
    if kind is None:
        raise HTTPException(404)
    return kind


@router.get("/partners/{partner_id}/money/{kind}")
async def ask_move(desk: AdminDesk, partner_id: str, kind: str) -> Response:
    """Where a sum is typed."""
    partner = await the_partner(desk, partner_id)
    typed = Typed(desk.language, {"key": new_key()})
    return await move_page(desk, partner, kind_in(kind), typed, None)


@router.post("/partners/{partner_id}/money/{kind}")
async def move(desk: AdminDesk, partner_id: str, kind: str) -> Response:
    """Say first what the balance would become; do it once that was seen. The same form sent again
    finds it done.
    """
    partner, what = await the_partner(desk, partner_id), kind_in(kind)
    typed = Typed(desk.language, desk.form)
    amount = typed_sum(typed, "amount", partner.currency, signed=what is Kind.CORRECTION)
    reason = typed.line("reason", LONGEST_REASON)
    if typed.wrong or amount is None:
        return await move_page(desk, partner, what, typed, None)
    wish = wish_of(desk, partner, what, amount, reason, f"web-{key_of(typed)}")
    try:
        if desk.form.get("sure") == "yes":
            made = await ask(desk, wish)
            return go(f"/partners/{partner.id}", notice_of(made))
        told = await proposals.rehearse(desk.deps.pool, wish)
    except MoneyRefused as error:
        field = "amount" if error.why in (Why.AMOUNT, Why.FUNDS) else ""
        typed.wrong.setdefault(field, refusal(desk, error))
        return await move_page(desk, partner, what, typed, None)
    return await move_page(desk, partner, what, typed, (wish, told))


def wish_of(
    desk: Desk, partner: PartnerRow | None, kind: Kind, amount: int, reason: str, key: str
) -> Wish:
    """Of the person at the desk."""
    row = None
    if partner is not None:
        row = {name: getattr(partner, name) for name in ("id", "public_id", "currency")}
        row |= {"name": partner.name, "account_id": partner.account_id}
    return Wish(kind, row, amount, desk.person.login, reason, key)


async def ask(desk: Desk, wish: Wish) -> Made:
    """In a transaction of its own. Raises MoneyRefused."""
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        return await proposals.ask(connection, wish)


def notice_of(made: Made) -> str:
    """What the next page says."""
    if made.repeated:
        return "money_before"
    return "money_waits" if made.state is State.WAITING else "money_moved"


async def move_page(
    desk: Desk,
    partner: PartnerRow,
    kind: Kind,
    typed: Typed,
    told: tuple[Wish, Rehearsed] | None,
) -> Response:
    title, label, about, button = MOVES[kind]
    return show(
        desk,
        "partner_money.html",
        partner,
        422 if typed.wrong else 200,
        values=blank(FIELDS, key=new_key()) | dict(typed.form),
        wrong=typed.wrong,
        kind=kind,
        words={"title": title, "label": label, "about": about, "button": button},
        wish=told[0] if told else None,
        told=told[1] if told else None,
        limit=await proposals.limit_of(desk.deps.pool),
    )


@router.get("/partners/limit/edit")
async def ask_limit(desk: AdminDesk) -> Response:
    """What one person may move alone."""
    return await limit_page(desk, Typed(desk.language, {}))


async def limit_page(desk: Desk, typed: Typed) -> Response:
    pool = desk.deps.pool
    limit = await proposals.limit_of(pool)
    values = blank(FIELDS, key=new_key(), amount=str(limit)) | dict(typed.form)
    status = 422 if typed.wrong else 200
    changes = await store.newest(pool, None, 20)
    return show(
        desk,
        "partners_limit.html",
        None,
        status,
        values=values,
        wrong=typed.wrong,
        limit=limit,
        changes=changes,
    )


@router.post("/partners/limit/edit")
async def set_limit(desk: AdminDesk) -> Response:
    """Lower it, or propose to raise it."""
    typed = Typed(desk.language, desk.form)
    units = typed.number("amount", 0, LARGEST_LIMIT)
    reason = typed.line("reason", LONGEST_REASON)
    if units is None:
        typed.refuse("amount", m("Нужно целое число, от {low} до {high}."), low=0, high="10¹²")
    if not typed.wrong and units is not None:
        wish = wish_of(desk, None, Kind.MONEY_LIMIT, units, reason, f"web-{key_of(typed)}")
        try:
            return go("/partners", notice_of(await ask(desk, wish)))
        except MoneyRefused as error:
            typed.wrong.setdefault("", refusal(desk, error))
    return await limit_page(desk, typed)


@router.get("/partners/proposals/{number}")
async def show_proposal(desk: OwnDesk, number: str) -> Response:
    """What is proposed, by whom and why; what it would do."""
    return await proposal_page(desk, row_id(number), Typed(desk.language, {}))


async def proposal_page(desk: Desk, number: int, typed: Typed) -> Response:
    row = found(await store.one(desk.deps.pool, number))
    partner = None
    if row["partner_id"] is not None:
        partner = await the_partner(desk, str(row["partner_id"]))
    return show(
        desk,
        "partners_proposal.html",
        partner,
        422 if typed.wrong else 200,
        row=row,
        wrong=typed.wrong,
        values=blank(("reason",)) | dict(typed.form),
        limit=await proposals.limit_of(desk.deps.pool),
    )


@router.post("/partners/proposals/{number}")
async def decide(desk: AdminDesk, number: str) -> Response:
    """Approve, reject, or take back."""
    typed, which = Typed(desk.language, desk.form), row_id(number)
    act, by = desk.form.get("do", ""), desk.person.login
    reason = typed.line("reason", LONGEST_REASON, needed=act == "reject")
    if act not in ("approve", "reject", "withdraw"):
        raise HTTPException(400)
    if typed.wrong:
        return await proposal_page(desk, which, typed)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            if act == "approve":
                await proposals.approve(connection, which, by=by)
            elif act == "reject":
                await proposals.reject(connection, which, by=by, reason=reason)
            else:
                await proposals.withdraw(connection, which, by=by, reason=reason)
    except MoneyRefused as error:
        if error.why is Why.UNKNOWN:
            raise HTTPException(404) from None
        typed.wrong[""] = refusal(desk, error)
        return await proposal_page(desk, which, typed)
    notices = {"approve": "money_approved", "reject": "money_rejected", "withdraw": "money_back"}
    return go("/partners", notices[act])
