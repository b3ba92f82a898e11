"""Robots that work on leads, each with a token; and the CRM whose deals are leads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.errors import ConfigError
from uzel.flows.lead_deals import crm_store
from uzel.flows.lead_deals.known import Known
from uzel.flows.lead_deals.settings import LeadSettings
from uzel.partners import robot_store, robots
from uzel.people.store import note
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.leads import show
from uzel.web.console.listing import LARGEST_INT, row_id
from uzel.web.console.page import go
from uzel.web.console.partners_desk import blank
from uzel.web.console.typed import Typed

LONGEST_NAME = 60
TOLD = {
    "amount": m("сумма"),
    "currency": m("валюта"),
    "email": m("почта"),
    "card": m("карта"),
}

router = APIRouter(include_in_schema=False)


@router.get("/leads/robots")
async def show_robots(desk: OwnDesk) -> Response:
    """All of them, and when each was last seen."""
    return await robots_page(desk, Typed(desk.language, {}))


async def robots_page(desk: Desk, typed: Typed, token: str | None = None) -> Response:
    """The page; `token`: one that was made just now, shown this once."""
    rows = await robot_store.every(desk.deps.pool)
    return show(
        desk,
        "leads_robots.html",
        422 if typed.wrong else 200,
        "/robots",
        living=[row for row in rows if row["revoked_at"] is None],
        ended=[row for row in rows if row["revoked_at"] is not None],
        fresh=token,
        values=blank(("name", "test")) | (dict(typed.form) if typed.wrong else {}),
        wrong=typed.wrong,
        url=desk.deps.settings.url,
    )


@router.post("/leads/robots")
async def add(desk: AdminDesk) -> Response:
    """A new one; the answer to this form is the only place that shows its token."""
    typed, login = Typed(desk.language, desk.form), desk.person.login
    name, is_test = typed.line("name", LONGEST_NAME), typed.switch("test")
    if typed.wrong:
        return await robots_page(desk, typed)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            number, token = await robots.add(connection, name, is_test=is_test, by=login)
            said = {"name": name, "is_test": is_test}
            await note(connection, login, "add", f"robot:{number}", said)
    except ConfigError:
        typed.refuse("name", m("Робот с таким названием уже есть."))
        return await robots_page(desk, typed)
    return await robots_page(desk, Typed(desk.language, {}), token)


@router.get("/leads/robots/{robot_id}/revoke")
async def ask_revoke(desk: AdminDesk, robot_id: str) -> Response:
    """Whether it is to be let in no longer."""
    number = row_id(robot_id, LARGEST_INT)
    for row in await robot_store.every(desk.deps.pool):
        if row["id"] == number and row["revoked_at"] is None:
            return show(desk, "leads_robot_end.html", 200, "/robots", robot=row)
    raise HTTPException(404)


@router.post("/leads/robots/{robot_id}/revoke")
async def revoke(desk: AdminDesk, robot_id: str) -> Response:
    """Have its token work no longer; what it held is free."""
    number, login = row_id(robot_id, LARGEST_INT), desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        name = await robot_store.revoke(connection, number)
        if name is None:
            raise HTTPException(404)
        await note(connection, login, "revoke", f"robot:{number}", {"name": name})
    return go("/leads/robots", "robot_revoked")


@dataclass(frozen=True, slots=True)
class Crm:
    """A CRM whose deals are leads, as its settings stand. missing: what they name and its account
    does not have.
    """

    connection_id: int
    title: str
    name: str
    settings: LeadSettings
    missing: list[str]
    known_at: datetime | None


@router.get("/leads/crm")
async def show_crms(desk: OwnDesk) -> Response:
    """How deals are read and written; changed by a command."""
    rows = await crm_store.every(desk.deps.pool)
    crms = [crm_of(desk, row) for row in rows]
    return show(desk, "leads_crm.html", 200, "/crm", crms=crms, told=TOLD)


def crm_of(desk: Desk, row: Any) -> Crm:
    settings = LeadSettings.model_validate(row["settings"])
    known = Known.model_validate(row["known"])
    active = desk.deps.registry.get(row["connection_id"])
    name = f"{active.connector.name}/{active.name}" if active else str(row["connection_id"])
    missing = known.missing(settings) if row["known_at"] else []
    title = active.title if active else name
    return Crm(row["connection_id"], title, name, settings, missing, row["known_at"])
