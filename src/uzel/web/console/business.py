"""The business: its name and time zone, its places."""

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections import business_store
from uzel.people.store import note
from uzel.web.console.businesses import LONGEST_NAME
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.page import go, render
from uzel.web.console.place_form import links_of
from uzel.web.console.typed import Typed
from uzel.web.console.zones import zones_with

router = APIRouter(include_in_schema=False)


@router.get("/business")
async def show(desk: OwnDesk) -> Response:
    """The places, and what the business is called."""
    return await page_of(desk)


@router.post("/business")
async def save(desk: AdminDesk) -> Response:
    """Name and time zone."""
    typed = Typed(desk.language, desk.form)
    name, zone = typed.line("name", LONGEST_NAME), typed.zone("zone")
    if typed.wrong:
        return await page_of(desk, typed)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await business_store.save_business(connection, desk.business.id, name, str(zone))
        said = {"name": name, "time_zone": zone}
        await note(connection, desk.person.login, "change", f"business:{desk.business.id}", said)
    return go("/business", "saved")


async def page_of(desk: Desk, typed: Typed | None = None) -> Response:
    """The page, with what was typed and what is wrong with it."""
    places = await business_store.places_of(desk.deps.pool, desk.business.id)
    values = {"name": desk.business.name, "zone": desk.business.zone.key}
    if typed is not None:
        values |= typed.form
    return render(
        desk,
        "business.html",
        422 if typed else 200,
        wrong=typed.wrong if typed else {},
        values=values,
        zones=zones_with(values["zone"]),
        places=[(place, links_of(place)) for place in places],
    )
