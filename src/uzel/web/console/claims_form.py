"""A claim that somebody enters or changes. A card's number is read here, sealed at once, and never
shown again: a form that comes back for another reason comes back with that field empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.model.cards import masked
from uzel.payouts.bank_list import directory
from uzel.payouts.banks import Bank
from uzel.payouts.claims import acts
from uzel.payouts.claims.claim import ClaimRefused, Form
from uzel.payouts.wish import LONGEST_NAME, LONGEST_PURPOSE, WishRejected
from uzel.people.store import note
from uzel.views.claims import FORM, ClaimRow
from uzel.web.console.claims import claim_page
from uzel.web.console.claims_desk import may, providers, show, the_claim
from uzel.web.console.claims_words import refused, wrong
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.listing import LARGEST_INT, whole
from uzel.web.console.page import go
from uzel.web.console.partners_desk import key_of, new_key
from uzel.web.console.typed import Typed, money_shown

CARD, PHONE = "card", "phone"
FIELDS = ("amount", "purpose", "name", "phone", "bank")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands in the form. banks: those that fit what was typed, where several do."""

    values: Mapping[str, str]
    wrong: Mapping[str, Any] = field(default_factory=dict)
    banks: Sequence[Bank] = ()


@router.get("/claims/new")
async def ask_new(desk: OwnDesk) -> Response:
    """An empty one."""
    blank = {**dict.fromkeys(FIELDS, ""), "how": CARD, "key": new_key()}
    return await sheet_page(desk, None, Sheet(blank))


@router.post("/claims/new")
async def add(desk: OwnDesk) -> Response:
    """Keep it, and have it decided on where it is complete. The same form twice is one claim."""
    through, typed = chosen(desk), Typed(desk.language, desk.form)
    key = key_of(typed)
    submits = desk.form.get("do") != "draft"
    form = read(desk, needed=submits)
    try:
        try:
            number = await make(desk, through, form, FORM + key, submits=submits)
        except asyncpg.UniqueViolationError:  # the same form, at this moment
            number = await make(desk, through, form, FORM + key, submits=submits)
    except WishRejected as error:
        return await sheet_page(desk, None, again(desk, key, error), 422)
    except ClaimRefused as error:
        return await sheet_page(desk, None, again(desk, key, error), 422)
    return go(f"/claims/{number}", "claim_made" if submits else "claim_draft")


async def make(desk: Desk, through: Active, form: Form, name: str, *, submits: bool) -> int:
    """The number of the claim."""
    login = desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        keys = await acts.keys_of(connection, desk.deps.ring)
        row = await acts.make(connection, keys, through.id, form, login, external_id=name)
        if submits:
            row = await acts.submit(connection, row["id"], login)
        await note(connection, login, "make", f"claim:{row['id']}", {"state": row["state"]})
    return int(row["id"])


@router.get("/claims/{claim_id}/edit")
async def ask_change(desk: OwnDesk, claim_id: str) -> Response:
    """As it stands."""
    claim = await the_claim(desk, claim_id)
    if not may(desk, claim).edit:
        return await claim_page(desk, claim_id, 409, str(refused(desk, LATE)))
    values = {
        "amount": money_shown(claim.amount_minor),
        "purpose": claim.purpose or "",
        "name": claim.name,
        "phone": claim.phone or "",
        "bank": claim.bank_name or "",
        "how": PHONE if claim.phone else CARD,
        "key": str(claim.version),
    }
    return await sheet_page(desk, claim, Sheet(values))


LATE = ClaimRefused("state", "it cannot be changed any more")


@router.post("/claims/{claim_id}/edit")
async def change(desk: OwnDesk, claim_id: str) -> Response:
    """Another version of it, which everybody approves anew."""
    claim, login = await the_claim(desk, claim_id), desk.person.login
    version = whole(desk.form.get("key"), LARGEST_INT) or 0
    form = read(desk, needed=False)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            keys = await acts.keys_of(connection, desk.deps.ring)
            row = await acts.edit(connection, keys, claim.id, form, login, version)
            changed = {"version": row["version"]}
            await note(connection, login, "edit", f"claim:{claim.id}", changed)
    except WishRejected as error:
        return await sheet_page(desk, claim, again(desk, str(version), error), 422)
    except ClaimRefused as error:
        return await claim_page(desk, claim_id, 409, str(refused(desk, error)))
    return go(f"/claims/{claim.id}", "claim_changed")


def read(desk: Desk, *, needed: bool) -> Form:
    """What was filled in; `needed`: an empty field is wrong, and else left as it is."""
    typed = {name: desk.form.get(name, "").strip() for name in (*FIELDS, "card", "member")}
    absent = "" if needed else None
    amount, purpose, name = (typed[it] or absent for it in ("amount", "purpose", "name"))
    if desk.form.get("how") == PHONE:
        bank = typed["member"] or typed["bank"]
        if not needed and not typed["phone"] and not bank:
            return Form(amount, purpose, name)
        return Form(amount, purpose, name, phone=typed["phone"], bank=bank)
    return Form(amount, purpose, name, card=typed["card"] or absent)


def again(desk: Desk, key: str, error: WishRejected | ClaimRefused) -> Sheet:
    """The form as it was sent, without cards wherever they were typed, and what is wrong."""
    values = {name: masked(desk.form.get(name, "")) for name in (*FIELDS, "how")} | {"key": key}
    if isinstance(error, ClaimRefused):
        return Sheet(values, {"": refused(desk, error)})
    return Sheet(values, {error.field: wrong(desk, error.reason)}, error.candidates)


def chosen(desk: Desk) -> Active:
    """The connection to pay through. Raises HTTPException 409 where there is none."""
    able = providers(desk)
    number = whole(desk.form.get("through"), LARGEST_INT)
    found = [it for it in able if it.id == number] or able
    if not found:
        raise HTTPException(409)
    return found[0]


async def sheet_page(
    desk: Desk, claim: ClaimRow | None, sheet: Sheet, status: int = 200
) -> Response:
    able = providers(desk)
    through = claim.connection_id if claim else next((it.id for it in able), 0)
    async with desk.deps.pool.acquire() as connection:
        banks = (await directory(connection, through)).banks()
    return show(
        desk,
        "claim_form.html",
        status,
        claim=claim,
        values=sheet.values,
        wrong=sheet.wrong,
        fitting=sheet.banks,
        banks=banks,
        providers=able,
        longest={"purpose": LONGEST_PURPOSE, "name": LONGEST_NAME * 3},
    )
