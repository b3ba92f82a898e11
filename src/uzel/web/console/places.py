"""The form of a place: adding, changing and removing one."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections import business_store
from uzel.flows.review_requests.settings import references_of
from uzel.people.store import note
from uzel.views.place_store import strangers
from uzel.web.console import place_form
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found, row_id
from uzel.web.console.page import go, render
from uzel.web.console.rules_form import rules_in
from uzel.web.console.typed import Typed, span_words
from uzel.web.console.zones import zones_with

NEW = "new"

router = APIRouter(include_in_schema=False)


@router.get("/business/places/{place_id}")
async def show_place(desk: AdminDesk, place_id: str) -> Response:
    """The form of a place; `new` for one more."""
    return await page_of(desk, place_id)


@router.post("/business/places/{place_id}")
async def save_place(desk: AdminDesk, place_id: str) -> Response:
    """Add a place or change it."""
    typed = Typed(desk.language, desk.form)
    values = place_form.read(typed)
    number = None if place_id == NEW else row_id(place_id)
    if not typed.wrong:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            # Two who add a place at once must not give both the same reference.
            await business_store.lock_rules(connection, desk.business.id)
            places = await business_store.places_of(connection, desk.business.id)
            refuse_taken(typed, values, places, number)
            if not typed.wrong:
                await write(desk, connection, number, values)
    if typed.wrong:
        return await page_of(desk, place_id, typed)
    return go("/business", "saved")


def refuse_taken(typed: Typed, values: Any, places: Any, place_id: int | None) -> None:
    """Refuse references another place has."""
    clash = place_form.taken(references_of(values["source_ref"]), places, place_id)
    if clash is None:
        return
    reference, name = clash
    if reference is None:
        typed.refuse("source_ref", m("Заведение по умолчанию уже есть: {name}."), name=name)
    else:
        said = m("Номер {reference} уже у заведения «{name}».")
        typed.refuse("source_ref", said, reference=reference, name=name)


async def write(desk: Desk, connection: Any, place_id: int | None, values: Any) -> None:
    """Store a place and who did it. Raises HTTPException 404 for one that is not there."""
    business = desk.business.id
    if place_id is None:
        place_id = await business_store.add_place(connection, business, values)
        action = "add"
    else:
        done = await business_store.save_place(connection, business, place_id, values)
        found(done or None)
        action = "change"
    await note(connection, desk.person.login, action, f"place:{place_id}", values)


@router.post("/business/places/{place_id}/remove")
async def remove_place(desk: AdminDesk, place_id: str) -> Response:
    """Remove a place no guest was ever asked about."""
    number = row_id(place_id)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await business_store.remove_place(connection, desk.business.id, number)
        if done:
            await note(connection, desk.person.login, "remove", f"place:{number}", {})
    if not done:
        typed = Typed(desk.language, {})
        typed.refuse("", m("О визитах сюда уже спрашивали: заведение остаётся в журнале."))
        return await page_of(desk, place_id, typed, keep=True)
    return go("/business", "removed")


async def page_of(
    desk: Desk, place_id: str, typed: Typed | None = None, *, keep: bool = False
) -> Response:
    """The form, with what was typed (`keep`: with what is stored) and what is wrong with it. Raises
    HTTPException 404.
    """
    places, place = await business_store.places_of(desk.deps.pool, desk.business.id), None
    if place_id != NEW:
        place = found(next((p for p in places if p["id"] == row_id(place_id)), None))
    values = place_form.shown(place)
    if typed is not None and not keep:
        values = {name: typed.form.get(name, "") for name in values}
    row = await business_store.rules_of(desk.deps.pool, desk.business.id)
    rules = rules_in(row["rules"])
    spoken = desk.language
    return render(
        desk,
        "place.html",
        422 if typed else 200,
        place_id=place_id,
        place=place,
        values=values,
        wrong=typed.wrong if typed else {},
        zones=zones_with(values["zone"]),
        platforms=place_form.PLATFORMS,
        rules=rules,
        delays={
            source: span_words(spoken, place_form.as_business(rules, source))
            for source in place_form.SOURCES
        },
        has_links=any(values[column] for column in place_form.PLATFORMS),
        strangers=await unknown_to(desk, places),
    )


async def unknown_to(desk: Desk, places: Sequence[Any]) -> list[Any]:
    """References that visits came with lately and no place has."""
    known = {reference for place in places for reference in references_of(place["source_ref"])}
    return [
        row
        for row in await strangers(desk.deps.pool, desk.business.id)
        if not {row["reference"], f"{row['connector']}:{row['reference']}"} & known
    ]
