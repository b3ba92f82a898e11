"""All businesses of the installation: which there are, one more, which one the settings show."""

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections import business_store
from uzel.people.store import note
from uzel.setup import add_first_texts
from uzel.web.console import chosen, cookies
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import row_id
from uzel.web.console.page import go, render
from uzel.web.console.typed import Typed
from uzel.web.console.zones import zones_with

LONGEST_NAME = 100
# Mode of sending (model.rules.Sending) → its word and its tone.
MODES = {
    "live": (m("вживую"), "good"),
    "record": (m("запись: никому"), "wait"),
    "allow_list": (m("только по списку"), "wait"),
}

router = APIRouter(include_in_schema=False)


@router.get("/businesses")
async def show_list(desk: OwnDesk) -> Response:
    """All of them, and a form for one more."""
    return await page_of(desk)


@router.post("/businesses")
async def add(desk: AdminDesk) -> Response:
    """One more, with a text to begin with; its settings are what is shown next."""
    typed = Typed(desk.language, desk.form)
    name, zone = typed.line("name", LONGEST_NAME), typed.zone("zone")
    if name in {business.name for business in desk.businesses}:
        typed.refuse("name", m("Бизнес с таким названием уже есть."))
    if typed.wrong:
        return await page_of(desk, typed)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        added = await business_store.add_business(connection, name, str(zone))
        await add_first_texts(connection, added)
        said = {"name": name, "time_zone": zone}
        await note(connection, desk.person.login, "add", f"business:{added}", said)
    return remembered(desk, added, "added")


@router.post("/businesses/{business_id}/choose")
async def choose(desk: OwnDesk, business_id: str) -> Response:
    """Show the settings of this one from now on."""
    wanted = row_id(business_id)
    known = {business.id for business in desk.businesses}
    return remembered(desk, wanted) if wanted in known else go("/businesses")


def remembered(desk: Desk, business_id: int, notice: str | None = None) -> Response:
    """To the business, which stays chosen."""
    response = go("/business", notice)
    cookies.remember(response, desk.deps.settings, chosen.COOKIE, str(business_id))
    return response


async def page_of(desk: Desk, typed: Typed | None = None) -> Response:
    """The list, with what was typed and what is wrong with it."""
    zone = desk.business.zone.key
    values = {"name": "", "zone": zone, **(typed.form if typed else {})}
    return render(
        desk,
        "businesses.html",
        422 if typed else 200,
        sizes=await business_store.sizes(desk.deps.pool),
        ordered=sorted(desk.businesses, key=lambda business: business.name.casefold()),
        values=values,
        wrong=typed.wrong if typed else {},
        zones=zones_with(values["zone"]),
        modes=MODES,
        room_path="/business",
    )
