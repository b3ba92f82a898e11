"""One lead: what came, what happened, what was reported and paid; and what a person may do."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.errors import ConfigError
from uzel.flows.lead_deals import begin, report_store
from uzel.partners import lead_store, reports
from uzel.partners.lead import LeadState
from uzel.people.store import note
from uzel.views import leads_store as store
from uzel.views import partners_store
from uzel.views.leads import LeadRow, lead_life, locked_lead
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.leads import amount_text, show
from uzel.web.console.leads_report import TOLD, Unreadable, may, report_of, write
from uzel.web.console.leads_words import REFUSED
from uzel.web.console.listing import found, row_id
from uzel.web.console.page import go
from uzel.web.console.partners_desk import blank
from uzel.web.console.typed import Typed

SUCCESS, FAILURE = "success", "failure"
MOST_ACTS = 30

router = APIRouter(include_in_schema=False)


@router.get("/leads/{lead_id}")
async def show_lead(desk: OwnDesk, lead_id: str) -> Response:
    """All about it."""
    return await lead_page(desk, row_id(lead_id), Typed(desk.language, {}))


async def lead_page(desk: Desk, lead_id: int, typed: Typed) -> Response:
    life = found(await lead_life(desk.deps.pool, lead_id))
    lead = life.lead
    values = blank((*TOLD, "do")) | (
        dict(typed.form) if typed.wrong else values_of(lead) if lead.is_told else {}
    )
    return show(
        desk,
        "lead.html",
        422 if typed.wrong else 200,
        life=life,
        lead=lead,
        sent=sent(lead.data),
        acts=await partners_store.acts(desk.deps.pool, f"lead:{lead.id}", MOST_ACTS),
        may_fail=may(desk, lead, is_success=False),
        values=values,
        wrong=typed.wrong,
    )


def values_of(lead: LeadRow) -> dict[str, str]:
    """What was last reported, as it stands in the fields."""
    return {
        "amount": amount_text(lead) or "",
        **{name: getattr(lead, name) or "" for name in TOLD[1:]},
    }


def sent(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What came with the lead, in lines."""
    return [(str(name), value if isinstance(value, str) else str(value)) for name, value in
            list(data.items())[:50]]  # fmt: skip


@router.post("/leads/{lead_id}/report")
async def report(desk: OwnDesk, lead_id: str) -> Response:
    """A report by the word of a person: asked once more before money moves."""
    life = found(await lead_life(desk.deps.pool, row_id(lead_id)))
    lead, act = life.lead, desk.form.get("do", "")
    if act not in (SUCCESS, FAILURE):
        raise HTTPException(400)
    typed, is_success = Typed(desk.language, desk.form), act == SUCCESS
    try:
        made = report_of(lead.deal_id, told(desk.form), is_success=is_success)
    except Unreadable as error:
        typed.refuse(error.field, REFUSED[error.why])
        return await lead_page(desk, lead.id, typed)
    if not may(desk, lead, is_success=is_success):
        raise HTTPException(403)
    if desk.form.get("sure") != "yes":
        values = {**told(desk.form), "do": act, "seen": desk.form.get("seen", "")}
        values["card"] = made.card or ""
        return show(desk, "lead_report.html", lead=lead, report=made, values=values)
    return await take(desk, lead, made)


def told(form: Mapping[str, str]) -> dict[str, str]:
    """What of the form a report says."""
    return {name: form.get(name, "") for name in TOLD}


async def take(desk: Desk, lead: LeadRow, made: reports.Report) -> Response:
    """Once, however often the form is sent: only while the last report, the link and the state are
    those that the person had seen.
    """
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        now = await locked_lead(connection, lead.id)
        as_seen = now is not None and desk.form.get("seen") == seen_of(now)
        if now is not None and as_seen and may(desk, now, is_success=made.is_success):
            await write(connection, desk, now, made)
            return go(f"/leads/{lead.id}", "lead_reported")
    return go(f"/leads/{lead.id}", "lead_as_it_was")


def seen_of(lead: LeadRow) -> str:
    """A word that is another one after each report and each change of the link."""
    return f"{lead.report_id or 0}.{lead.version}.{lead.state}"


@router.post("/leads/{lead_id}/release")
async def release(desk: OwnDesk, lead_id: str) -> Response:
    """Take it from the robot that holds it."""
    number, login = row_id(lead_id), desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        found(await locked_lead(connection, number))
        robot = await store.release(connection, number)
        if robot is not None:
            said = {"released_from": robot}
            await lead_store.step(connection, number, "edited", said, login)
            await note(connection, login, "release", f"lead:{number}", said)
    return go(f"/leads/{number}", "lead_released" if robot else "lead_as_it_was")


@router.post("/leads/{lead_id}/retry")
async def retry(desk: OwnDesk, lead_id: str) -> Response:
    """Write a report into its deal once more."""
    number, public_id, login = row_id(lead_id), desk.form.get("report", "")[:64], desk.person.login
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            row = await report_store.named(connection, public_id)
            if row is None or row["lead_id"] != number or row["public_id"] != public_id:
                raise HTTPException(404)
            await begin.retry(connection, public_id)
            await note(connection, login, "retry", f"lead:{number}", {"report": public_id})
    except ConfigError:  # it is not as it was seen
        return go(f"/leads/{number}", "lead_as_it_was")
    return go(f"/leads/{number}", "lead_again")


@router.post("/leads/{lead_id}/charge")
async def charge(desk: AdminDesk, lead_id: str) -> Response:
    """Take the price of a lead that is done, and was given back before."""
    number, login = row_id(lead_id), desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        lead = found(await locked_lead(connection, number))
        if lead.state != LeadState.DONE or not lead.is_uncharged:
            return go(f"/leads/{number}", "lead_as_it_was")
        row = await lead_store.charge_of(connection, number)
        plain = {"id": lead.id, "deal_id": lead.deal_id, "partner_id": lead.partner_id}
        await reports.charge_again(connection, {**plain, "book": lead.book}, row, login)
        after = await locked_lead(connection, number)
        if after is None or after.is_uncharged:
            return go(f"/leads/{number}", "lead_unfunded")
        await note(connection, login, "charge", f"lead:{number}", {"payment": after.payment})
    return go(f"/leads/{number}", "lead_charged")
